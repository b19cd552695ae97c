import type { SessionBody } from "../../contracts/rest.js";
import type { Brokerage } from "./brokerage.js";
import { ask, explainSilence, refused } from "./rest.js";

/** undefined where there is no such user, or one with another password than SEED_USER_PASSWORD. */
export async function logIn(
  { gateway, password }: Brokerage,
  email: string,
): Promise<SessionBody | undefined> {
  const url = `${gateway}/api/v1/auth/login`;
  const { status, body } = await ask({ method: "POST", url, body: { email, password } }).catch(
    explainSilence,
  );
  if (status === 200) return body as SessionBody;
  if (status === 401) return undefined;
  throw refused(status, body);
}
