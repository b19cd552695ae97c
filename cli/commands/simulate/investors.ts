import { randomUUID } from "node:crypto";
import type { Agent } from "node:http";
import type { Position, SessionBody } from "../../../contracts/rest.js";
import type { Brokerage } from "../../brokerage/brokerage.js";
import { adminEmail } from "../../brokerage/parts.js";
import { ask, demand, explainSilence, refused } from "../../brokerage/rest.js";
import { heldTickers } from "./orders.js";

export interface Investor {
  readonly email: string;
  readonly userId: string;
  token: string;
  /** Unix time in ms at which the token is to be renewed. */
  renewAtMs: number;
}

/** R$: enough for some 10,000 of the simulation's orders. */
const cash = 1_000_000;
const sharesEach = 10_000;
/** Identity gives 15 minutes. */
const renewAfterMs = 10 * 60_000;

/** sim-1@mybroker.example and so on: registered where they are new, and given cash and shares where they have none. */
export async function prepareInvestors(
  brokerage: Brokerage,
  { users, agent }: { readonly users: number; readonly agent: Agent },
): Promise<Investor[]> {
  const admin = await logIn(brokerage, adminEmail, agent);
  const emails = Array.from({ length: users }, (_, index) => `sim-${index + 1}@mybroker.example`);
  // Passwords cost the CPU of one core; more at once only wait for each other.
  const investors: Investor[] = [];
  for (const email of emails) {
    const investor = await logIn(brokerage, email, agent);
    await fund(brokerage, { admin, investor, agent });
    investors.push(investor);
  }
  return investors;
}

/** Logs in again where the token would soon be refused. */
export async function renew(brokerage: Brokerage, investor: Investor, agent: Agent): Promise<void> {
  if (Date.now() < investor.renewAtMs) return;
  investor.renewAtMs = Date.now() + renewAfterMs;
  investor.token = (await logIn(brokerage, investor.email, agent)).token;
}

async function logIn({ gateway, password }: Brokerage, email: string, agent: Agent): Promise<Investor> {
  const auth = `${gateway}/api/v1/auth`;
  const post = (path: string, body: unknown) =>
    ask({ method: "POST", url: `${auth}/${path}`, body, agent }).catch(explainSilence);
  let answer = await post("login", { email, password });
  if (answer.status === 401 && email !== adminEmail) {
    answer = await post("register", { name: email.split("@")[0], email, password });
  }
  if (answer.status !== 200 && answer.status !== 201) throw refused(answer.status, answer.body);
  const { token, userId } = answer.body as SessionBody;
  return { email, userId, token, renewAtMs: Date.now() + renewAfterMs };
}

interface Funding {
  readonly admin: Investor;
  readonly investor: Investor;
  readonly agent: Agent;
}

async function fund({ gateway }: Brokerage, { admin, investor, agent }: Funding): Promise<void> {
  const wallet = `${gateway}/api/v1/wallets`;
  const { token, userId } = investor;
  const get = <Body>(path: string) =>
    demand<Body>({ method: "GET", url: `${wallet}/me/${path}`, token, agent });
  const post = (path: string, body: unknown, by: string) =>
    demand({
      method: "POST",
      url: `${wallet}/${path}`,
      body,
      token: by,
      idempotencyKey: randomUUID(),
      agent,
    });
  const { total } = await get<{ total: number }>("summary");
  if (total < cash / 2) await post("me/deposit", { amount: cash }, token);
  const held = new Set((await get<Position[]>("positions")).map(({ ticker }) => ticker));
  for (const ticker of heldTickers.filter((one) => !held.has(one))) {
    await post("custody-in", { userId, ticker, quantity: sharesEach }, admin.token);
  }
}
