import type { SessionBody } from "../../contracts/rest.js";
import { invalidValue } from "../errors/invalid-value.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { type Brokerage, openBrokerage } from "./brokerage.js";
import { endowDemoInvestor, logInDemoInvestor } from "./demo-investor.js";
import { logIn } from "./log-in.js";
import { demoEmail } from "./parts.js";

/** A user who is logged in, for as long as a token holds. */
export interface Session {
  readonly brokerage: Brokerage;
  readonly user: SessionBody;
  readonly token: string;
  /** What a next command ends with, to be this user's too; empty for the demo investor. */
  readonly suffix: string;
}

/**
 * Logs in the user of --user, or the demo investor, who is made where they are missing.
 * @throws MybrokerError usage.invalid-value (exit 2), brokerage.unreachable (exit 3), user.unknown (exit 1)
 */
export async function openSession(request: CommandRequest): Promise<Session> {
  const brokerage = await openBrokerage(request);
  const email = request.options.user as string | undefined;
  if (email?.includes("@") === false)
    throw invalidValue(`--user takes an email address, not ${email}`, `wallet show --user ${demoEmail}`);
  if (email === undefined || email === demoEmail) {
    const user = await logInDemoInvestor(brokerage);
    await endowDemoInvestor(brokerage, user).catch((error: unknown) => noteOnly(request, error));
    return { brokerage, user, token: user.token, suffix: "" };
  }
  const user = await logIn(brokerage, email);
  if (user === undefined) throw unknownUser(email);
  return { brokerage, user, token: user.token, suffix: ` --user ${email}` };
}

/** Without its wallet a brokerage still shows orders, and what does need the wallet says so itself. */
function noteOnly({ output }: CommandRequest, error: unknown): void {
  if (!(error instanceof MybrokerError)) throw error;
  output.note(`First cash and shares not checked: ${error.message}`);
}

function unknownUser(email: string): MybrokerError {
  return new MybrokerError({
    code: "user.unknown",
    message: `${email} cannot log in: no such user, or one whose password is not SEED_USER_PASSWORD of .env`,
    hint: `{mybroker} user add ${email}`,
    exitCode: exitCodes.no,
    details: { user: email },
  });
}
