import type { WalletEvent } from "../../../contracts/messages.js";
import { toPayload } from "../../../kit/money.js";
import { formatTimestamp, type Timestamp } from "../../../kit/sql/columns.js";
import type { OutboxRow } from "../../shared/outbox/outbox.js";
import type { NewEntry } from "../app/store.js";

export const walletEvents = "wallet-events-v1";

/** An entry as the event that tells of it; both have the same id. */
export function toOutboxRow(entry: NewEntry): OutboxRow {
  const payload: WalletEvent = {
    eventId: entry.transactionId,
    userId: entry.userId,
    transactionType: entry.type,
    amount: toPayload(entry.amount),
    ticker: entry.ticker,
    orderId: entry.orderId,
    balanceAfter: toPayload(entry.balanceAfter),
    blockedBalanceAfter: toPayload(entry.blockedBalanceAfter),
    eventTimestamp: formatMs(entry.createdAt),
    quantity: entry.quantity,
    blockedQuantityAfter: entry.blockedQuantityAfter,
    sequence: entry.sequence,
    executionId: entry.executionId,
  };
  return {
    channel: "kafka",
    destination: walletEvents,
    key: entry.userId,
    messageId: entry.transactionId,
    payload,
    traceparent: entry.traceparent,
  };
}

/** Messages and bodies have milliseconds. */
export function formatMs(at: Timestamp): string {
  return `${formatTimestamp(at).slice(0, 23)}Z`;
}
