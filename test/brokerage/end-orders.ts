import { vi } from "vitest";
import { formatMoney, toMoney } from "../../kit/money.js";
import { findViolations, type OrderDatabases, readFacts, sumCash } from "./find-violations.js";
import type { Investor } from "./investor.js";
import { readPages } from "./read-pages.js";

const openStatuses: readonly unknown[] = ["PENDING", "PARTIALLY_FILLED"];
const waiting = { timeout: 120_000, interval: 1_000 };

export interface Endings {
  readonly databases: OrderDatabases;
  readonly gateway: string;
  readonly investors: readonly Investor[];
}

/**
 * Cancels what rests, until every order of these investors has ended and every invariant holds with nothing blocked.
 * @returns what there is then: orders by how they ended, and cash as it was paid in and as it is held
 */
export async function endOrders({
  databases,
  gateway,
  investors,
}: Endings): Promise<Record<string, number | string>> {
  const cancelOpen = async (investor: Investor) => {
    const orders = await readPages(gateway, "orders", investor.token);
    const open = orders.filter(({ status }) => openStatuses.includes(status));
    await Promise.all(open.map(({ orderId }) => investor.cancel(String(orderId))));
    return open.length;
  };
  await vi.waitFor(async () => {
    for (const investor of investors) {
      const count = await cancelOpen(investor);
      if (count > 0) throw new Error(`${count} orders of ${investor.email} have not ended`);
    }
    const violations = await findViolations(databases);
    if (violations.length > 0) throw new Error(violations.join("\n"));
  }, waiting);
  const facts = await readFacts(databases);
  const blocked = facts.accounts.reduce((sum, account) => sum + account.blocked, 0);
  if (blocked !== 0) throw new Error(`${blocked} are blocked, and no order is open`);
  const ended = new Map<string, number>();
  for (const { status } of facts.orders) ended.set(status, (ended.get(status) ?? 0) + 1);
  const { paidIn, held } = sumCash(facts);
  return {
    orders: facts.orders.length,
    ...Object.fromEntries(ended),
    executions: new Set(facts.executions.map(({ execution_id }) => execution_id)).size,
    paidIn: formatMoney(toMoney(paidIn)),
    held: formatMoney(toMoney(held)),
  };
}
