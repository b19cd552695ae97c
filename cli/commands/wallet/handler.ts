import { randomUUID } from "node:crypto";
import type { Position, WalletSummary } from "../../../contracts/rest.js";
import { moneyText, readAmount } from "../../brokerage/money-text.js";
import { demand } from "../../brokerage/rest.js";
import { runAction } from "../../brokerage/run-action.js";
import { openSession, type Session } from "../../brokerage/session.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { formatTable } from "../../output/table.js";

/** `wallet`: what a user has, and money in and out. */
export const runWallet: CommandHandler = (request) =>
  runAction(request, { show, deposit: move("deposit"), withdraw: move("withdraw") }, ["show"]);

async function show(request: CommandRequest): Promise<CommandResult> {
  const session = await openSession(request);
  const [summary, positions] = await Promise.all([
    get<WalletSummary>(session, "summary"),
    get<Position[]>(session, "positions"),
  ]);
  return {
    project: session.brokerage.project,
    data: { user: session.user.email, summary, positions },
    text: [
      ...renderSummary(session, summary),
      ...renderPositions(positions),
      "",
      `Next:  {mybroker} order buy PETR4 100 --watch${session.suffix}`,
    ],
  };
}

/** Once, also where the answer is lost and the command is typed again by nobody: a key of its own for each run. */
function move(direction: "deposit" | "withdraw"): CommandHandler {
  return async (request) => {
    const amount = readAmount(request.args[1], "an amount", `wallet ${direction} 1000.50`);
    const session = await openSession(request);
    const url = `${session.brokerage.gateway}/api/v1/wallets/me/${direction}`;
    const { token } = session;
    await demand({ method: "POST", url, token, body: { amount }, idempotencyKey: randomUUID() });
    const summary = await get<WalletSummary>(session, "summary");
    return {
      project: session.brokerage.project,
      data: { user: session.user.email, summary },
      text: [
        `${direction === "deposit" ? "Paid in" : "Paid out"} ${moneyText(amount)}.`,
        ...renderSummary(session, summary),
        `Next:  {mybroker} wallet show${session.suffix}`,
      ],
    };
  };
}

function get<Body>({ brokerage, token }: Session, what: string): Promise<Body> {
  return demand<Body>({ method: "GET", url: `${brokerage.gateway}/api/v1/wallets/me/${what}`, token });
}

function renderSummary({ user }: Session, { available, blocked }: WalletSummary): string[] {
  const held = blocked === 0 ? "" : `, and ${moneyText(blocked)} held for orders`;
  return [`${user.email}: ${moneyText(available)}${held}`];
}

function renderPositions(positions: readonly Position[]): string[] {
  if (positions.length === 0) return ["No shares."];
  const rows = positions.map(({ ticker, available, blocked, averagePrice, price }) => [
    ticker,
    String(available),
    String(blocked),
    moneyText(averagePrice),
    moneyText(price),
  ]);
  return ["", ...formatTable([["TICKER", "FREE", "HELD", "COST EACH", "PRICE"], ...rows])];
}
