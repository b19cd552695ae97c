import type { SessionBody, UserBody } from "../../../contracts/rest.js";
import { openBrokerage } from "../../brokerage/brokerage.js";
import { logIn } from "../../brokerage/log-in.js";
import { adminEmail } from "../../brokerage/parts.js";
import { demand } from "../../brokerage/rest.js";
import { runAction } from "../../brokerage/run-action.js";
import { invalidValue } from "../../errors/invalid-value.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { formatTable } from "../../output/table.js";

/** `user`: whoever can stand behind --user. */
export const runUser: CommandHandler = (request) => runAction(request, { add, list }, ["list"]);

async function add(request: CommandRequest): Promise<CommandResult> {
  const [, email, name] = request.args;
  if (email === undefined || !email.includes("@")) throw noEmail(email);
  const brokerage = await openBrokerage(request);
  const url = `${brokerage.gateway}/api/v1/auth/register`;
  const body = { name: name || email.split("@")[0], email, password: brokerage.password };
  const { token: _, ...user } = await demand<SessionBody>({ method: "POST", url, body });
  return {
    project: brokerage.project,
    data: { user },
    text: [
      `Added ${user.email} (${user.name}), with the password SEED_USER_PASSWORD of .env.`,
      `Next:  {mybroker} wallet deposit 10000 --user ${user.email}`,
    ],
  };
}

/** As many as one page has. */
const pageSize = 200;

async function list(request: CommandRequest): Promise<CommandResult> {
  const brokerage = await openBrokerage(request);
  const admin = await logIn(brokerage, adminEmail);
  if (admin === undefined) throw noAdmin();
  const url = `${brokerage.gateway}/api/v1/auth/users?limit=${pageSize}`;
  const { token } = admin;
  const page = await demand<{ items: UserBody[]; next: string | null }>({ method: "GET", url, token });
  const more = page.next !== null;
  return {
    project: brokerage.project,
    data: { users: page.items, more },
    text: [
      ...formatTable([
        ["EMAIL", "NAME", "ROLE"],
        ...page.items.map(({ email, name, role }) => [email, name, role]),
      ]),
      ...(more ? ["… and older ones"] : []),
      "",
      `Next:  {mybroker} wallet show --user ${page.items[0]?.email ?? adminEmail}`,
    ],
  };
}

function noEmail(email: string | undefined): MybrokerError {
  const why = email === undefined ? "user add needs an email address" : `${email} is no email address`;
  return invalidValue(why, "user add ana@example.com");
}

function noAdmin(): MybrokerError {
  return new MybrokerError({
    code: "user.other-password",
    message: `${adminEmail} has another password than SEED_USER_PASSWORD of .env`,
    hint: "{mybroker} up  has broker-identity take the one of .env",
    exitCode: exitCodes.no,
  });
}
