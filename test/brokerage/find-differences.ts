import type { Investor } from "./investor.js";
import { call } from "./investor.js";
import { readPages } from "./read-pages.js";

/** Where the reports do not say of an investor what the order service and the wallet say; a line each. */
export async function findDifferences(gateway: string, { email, token }: Investor): Promise<string[]> {
  const read = (path: string) => readPages(gateway, path, token);
  const [orders, told, moves, lines] = await Promise.all([
    read("orders"),
    read("reports/me/orders"),
    read("wallets/me/transactions"),
    read("reports/me/statement"),
  ]);
  const get = async (path: string) =>
    (await call<Record<string, unknown>>("GET", `${gateway}/api/v1/${path}`, { token })).body;
  const [summary, { account }] = await Promise.all([get("wallets/me/summary"), get("reports/me/statement")]);
  const ofOrder = pick(["orderId", "ticker", "side", "quantity", "price", "status", "cumQuantity"]);
  const ofMove = pick(["transactionType", "amount", "ticker", "quantity", "orderId", "executionId"]);
  const balances = pick(["balanceAfter", "blockedBalanceAfter"]);
  const ofAccount = pick(["available", "blocked"]);
  const compare = (what: string, one: readonly string[], other: readonly string[]) =>
    JSON.stringify(one) === JSON.stringify(other)
      ? []
      : [`${what} of ${email}: ${findFirst(one, other)} (${one.length}, ${other.length} in the reports)`];
  return [
    ...compare("orders", orders.map(ofOrder).sort(), told.map(ofOrder).sort()),
    // In the ledger's order: that is what a statement is.
    ...compare("movements", moves.map(ofMove), lines.map(ofMove)),
    ...compare("balances", moves.map(balances), lines.map(balances)),
    ...compare("account", [ofAccount(summary)], [ofAccount((account ?? {}) as Record<string, unknown>)]),
  ];
}

function pick(names: readonly string[]) {
  return (item: Readonly<Record<string, unknown>>) => JSON.stringify(names.map((name) => item[name] ?? null));
}

function findFirst(one: readonly string[], other: readonly string[]): string {
  const index = one.findIndex((text, at) => text !== other[at]);
  return `${one[index]} is ${other[index]}`;
}
