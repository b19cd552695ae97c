import { MybrokerError } from "../../errors/mybroker-error.js";
import { systemClock } from "../../ready/clock.js";
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

/** A repair may follow a restart: a server that does not answer yet is asked again. */
const answerLimitMs = 30_000;
const pauseMs = 250;

/** The work's result once it succeeds. @throws a MybrokerError at once, any other error after half a minute */
export async function onceItAnswers<Result>(work: () => Promise<Result>): Promise<Result> {
  const untilMs = systemClock.nowMs() + answerLimitMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof MybrokerError || systemClock.nowMs() > untilMs) throw error;
      await systemClock.sleep(pauseMs);
    }
  }
}
