import { LoginSession } from "../../ready/servers/login-session.js";

/** Closes all that the work opened, however it ends. */
export async function withSession<Result>(work: (session: LoginSession) => Promise<Result>): Promise<Result> {
  const session = new LoginSession();
  try {
    return await work(session);
  } finally {
    session.close();
  }
}
