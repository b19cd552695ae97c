import type { SessionBody, Transaction } from "../../contracts/rest.js";
import type { Project } from "../compose/model.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { type Brokerage, brokerageOf } from "./brokerage.js";
import { logIn } from "./log-in.js";
import { adminEmail, demoEmail, takesOrders } from "./parts.js";
import { ask, demand, explainSilence, refused } from "./rest.js";

/** What the demo investor begins with. */
export const demoCash = 100_000;
export const demoShares: readonly {
  readonly ticker: string;
  readonly quantity: number;
  readonly unitPrice: number;
}[] = [
  { ticker: "PETR4", quantity: 1_000, unitPrice: 38 },
  { ticker: "VALE3", quantity: 500, unitPrice: 60 },
  { ticker: "ITUB4", quantity: 500, unitPrice: 35 },
  { ticker: "MXRF11", quantity: 100, unitPrice: 10 },
];

/**
 * The demo investor, logged in. Registering comes first, because a name that is taken costs no password check.
 * @throws MybrokerError brokerage.unreachable (exit 3), user.other-password and other refusals (exit 1)
 */
export async function logInDemoInvestor(brokerage: Brokerage): Promise<SessionBody> {
  const demo = (await register(brokerage)) ?? (await logIn(brokerage, demoEmail));
  if (demo === undefined) throw otherPassword();
  return demo;
}

/**
 * Gives the demo investor what they begin with. It may be interrupted and repeated: what the wallet has already entered
 * is not entered again.
 * @throws MybrokerError as logInDemoInvestor
 */
export async function endowDemoInvestor(brokerage: Brokerage, demo: SessionBody): Promise<void> {
  const missing = planEndowment(await recentTransactions(brokerage, demo));
  await Promise.all([
    ...(missing.cash ? [payIn(brokerage, demo)] : []),
    ...(missing.shares.length > 0 ? [handIn(brokerage, demo, missing.shares)] : []),
  ]);
}

/**
 * The demo investor where these services can have one. What stands in the way is a note: the stack runs all the same,
 * and the first command that acts for them tries again.
 */
export async function provideDemoInvestor(
  { output }: CommandRequest,
  { project, host, services }: { project: Project; host: string; services: readonly string[] },
): Promise<void> {
  if (!takesOrders(services)) return;
  try {
    const brokerage = brokerageOf(project, host);
    await endowDemoInvestor(brokerage, await logInDemoInvestor(brokerage));
  } catch (error) {
    if (!(error instanceof MybrokerError)) throw error;
    output.note(`The demo investor is not there yet: ${error.message}`);
  }
}

/** What of the endowment the wallet does not have. An account with a longer history has it: that comes first of all. */
export function planEndowment(
  newestFirst: readonly Pick<Transaction, "sequence" | "transactionType" | "ticker">[],
): {
  cash: boolean;
  shares: typeof demoShares;
} {
  const whole = newestFirst.length === 0 || newestFirst.at(-1)?.sequence === 1;
  if (!whole) return { cash: false, shares: [] };
  const has = (type: Transaction["transactionType"], of: string | null) =>
    newestFirst.some(({ transactionType, ticker }) => transactionType === type && ticker === of);
  return {
    cash: !has("DEPOSIT", null),
    shares: demoShares.filter(({ ticker }) => !has("CUSTODY_IN", ticker)),
  };
}

/** undefined where the name is taken. */
async function register({ gateway, password }: Brokerage): Promise<SessionBody | undefined> {
  const body = { name: "Demo Investor", email: demoEmail, password };
  const url = `${gateway}/api/v1/auth/register`;
  const answer = await ask({ method: "POST", url, body }).catch(explainSilence);
  if (answer.status === 201) return answer.body as SessionBody;
  if (answer.status === 409) return undefined;
  throw refused(answer.status, answer.body);
}

async function recentTransactions({ gateway }: Brokerage, { token }: SessionBody): Promise<Transaction[]> {
  const url = `${gateway}/api/v1/wallets/me/transactions?limit=200`;
  return (await demand<{ items: Transaction[] }>({ method: "GET", url, token })).items;
}

/** The key keeps two commands at once from paying in twice. */
async function payIn({ gateway }: Brokerage, { token, userId }: SessionBody): Promise<void> {
  const url = `${gateway}/api/v1/wallets/me/deposit`;
  const body = { amount: demoCash };
  await demand({ method: "POST", url, token, body, idempotencyKey: `demo-cash-${userId}` });
}

async function handIn(
  brokerage: Brokerage,
  { userId }: SessionBody,
  shares: typeof demoShares,
): Promise<void> {
  const admin = await logIn(brokerage, adminEmail);
  if (admin === undefined) throw otherPassword();
  const url = `${brokerage.gateway}/api/v1/wallets/custody-in`;
  for (const share of shares) {
    const body = { userId, ...share };
    const idempotencyKey = `demo-${share.ticker}-${userId}`;
    await demand({ method: "POST", url, token: admin.token, body, idempotencyKey });
  }
}

function otherPassword(): MybrokerError {
  return new MybrokerError({
    code: "user.other-password",
    message: "The demo investor or the admin has another password than SEED_USER_PASSWORD of .env",
    hint: "{mybroker} up  has broker-identity take the one of .env; or name another user:  {mybroker} user add you@example.com",
    exitCode: exitCodes.no,
  });
}
