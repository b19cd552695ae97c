import { leavesOf, type Order } from "./desk.js";
import type { Pair } from "./pair.js";
import type { CollectionShape, SeedDocument } from "./parts.js";
import { accountReports, orderReports, statementLines } from "./tables.js";
import type { Entry, Wallet } from "./wallet.js";

/** What the last event of each order and account told, and each line of the ledger (services/broker-report/domain). */
export const pairDocuments = new Map<CollectionShape, (pair: Pair) => SeedDocument[]>([
  [orderReports, ({ desk }) => desk.orders.map(toOrderReport)],
  [accountReports, ({ users }) => users.map(toAccountReport)],
  [
    statementLines,
    ({ users }) => users.flatMap((user) => user.entries.map((entry) => toStatementLine(user, entry))),
  ],
]);

function toOrderReport(order: Order): SeedDocument {
  const { orderId, instrument, side, quantity, status, executed, toldPrice, type, timeInForce } = order;
  const updatedAt = new Date(order.toldMs).toISOString();
  return {
    id: orderId,
    version: order.version,
    document: {
      orderId,
      ticker: instrument.ticker,
      side,
      quantity,
      price: toNumber(order.price),
      status,
      executedPrice: toldPrice === null ? null : toNumber(toldPrice),
      cumQuantity: executed,
      updatedAt,
      type,
      timeInForce,
      leavesQuantity: leavesOf(order),
      reason: order.reason,
      owner: order.user.userId,
      place: `${updatedAt} ${orderId}`,
    },
  };
}

function toAccountReport({ userId, available, blocked, entries, updatedMs }: Wallet): SeedDocument {
  const balances = { available: toNumber(available), blocked: toNumber(blocked) };
  const document = { ...balances, updatedAt: new Date(updatedMs).toISOString() };
  return { id: userId, version: entries.length, document };
}

function toStatementLine(user: Wallet, entry: Entry): SeedDocument {
  const eventId = user.idOf(entry);
  const { type: transactionType, ticker, quantity, orderId, executionId } = entry;
  const createdAt = new Date(entry.atMs).toISOString();
  return {
    id: eventId,
    document: {
      eventId,
      transactionType,
      amount: toNumber(entry.amount),
      balanceAfter: toNumber(entry.balanceAfter),
      blockedBalanceAfter: toNumber(entry.blockedBalanceAfter),
      createdAt,
      ticker,
      quantity,
      orderId,
      executionId,
      owner: entry.userId,
      place: `${createdAt} ${String(entry.sequence).padStart(16, "0")} ${eventId}`,
    },
  };
}

/** As kit/money's toPayload: a quotient is rounded as its decimals are when they are read. */
function toNumber(tenThousandths: number): number {
  return tenThousandths / 10_000;
}
