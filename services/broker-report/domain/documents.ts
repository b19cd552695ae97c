import type { MarketDataEvent, OrderEvent, WalletEvent } from "../../../contracts/messages.js";
import type { AccountReport, OrderReport, PricePoint, StatementLine } from "../../../contracts/rest.js";

/** Kept beside what is shown: whose it is, and its place among the others, as text that sorts by time. */
export interface Placed {
  readonly owner: string;
  readonly place: string;
}

export interface Snapshot<T> {
  readonly id: string;
  /** Of two, the higher is the later, in whatever order they come. */
  readonly version: number;
  readonly document: T;
}

const statusRanks: Readonly<Record<string, number>> = { PENDING: 0, PARTIALLY_FILLED: 1 };
const finalRank = 2;
/** More than any time in ms. */
const rankStep = 2 ** 45;

/** An event without a version (a simple order service) has the place that its status and time give it. */
export function toOrderSnapshot(event: OrderEvent): Snapshot<OrderReport & Placed> {
  const { orderId, userId, ticker, side, quantity, price, status, executedPrice } = event;
  const updatedAt = toUtc(event.eventTimestamp);
  const rank = statusRanks[status] ?? finalRank;
  const cumQuantity = event.cumQuantity ?? (status === "FILLED" ? quantity : 0);
  return {
    id: orderId,
    version: event.version ?? rank * rankStep + Date.parse(updatedAt),
    document: {
      ...{ orderId, ticker, side, quantity, price, status, executedPrice, cumQuantity, updatedAt },
      type: event.type ?? "LIMIT",
      timeInForce: event.timeInForce ?? "DAY",
      leavesQuantity: event.leavesQuantity ?? (rank === finalRank ? 0 : quantity - cumQuantity),
      reason: event.reason ?? null,
      owner: userId,
      place: `${updatedAt} ${orderId}`,
    },
  };
}

export function toAccountSnapshot(event: WalletEvent): Snapshot<AccountReport> {
  const updatedAt = toUtc(event.eventTimestamp);
  return {
    id: event.userId,
    version: event.sequence ?? Date.parse(updatedAt),
    document: { available: event.balanceAfter, blocked: event.blockedBalanceAfter, updatedAt },
  };
}

export function toStatementLine(event: WalletEvent): StatementLine & Placed {
  const { eventId, transactionType, amount, balanceAfter, blockedBalanceAfter } = event;
  const createdAt = toUtc(event.eventTimestamp);
  return {
    ...{ eventId, transactionType, amount, balanceAfter, blockedBalanceAfter, createdAt },
    ticker: event.ticker ?? null,
    quantity: event.quantity ?? null,
    orderId: event.orderId ?? null,
    executionId: event.executionId ?? null,
    owner: event.userId,
    // An account's events of one millisecond are told apart by their sequence.
    place: `${createdAt} ${String(event.sequence ?? 0).padStart(16, "0")} ${eventId}`,
  };
}

export function toPricePoint({ ticker, price, volume, updated_at }: MarketDataEvent): PricePoint & Placed {
  const time = toUtc(updated_at);
  return { ticker, price, volume, time, owner: ticker, place: time };
}

/** RFC 3339 of any offset and precision, in one form that sorts as text. */
function toUtc(time: string): string {
  return new Date(time).toISOString();
}

/** What is shown of a document. */
export function withoutPlace<T>({ owner, place, ...shown }: T & Placed): Omit<T & Placed, keyof Placed> {
  return shown;
}

/** A place as text that tells its reader nothing; the next page begins below it. */
export function toCursor({ place }: Placed): string {
  return Buffer.from(place).toString("base64url");
}

/** undefined where it is no cursor of ours. */
export function fromCursor(cursor: string): string | undefined {
  const place = Buffer.from(cursor, "base64url").toString();
  const isOurs = /^\d{4}-\d\d-\d\dT[\d:.]{12}Z( [\x21-\x7e]{1,64}){0,2}$/.test(place);
  return isOurs && Buffer.from(place).toString("base64url") === cursor ? place : undefined;
}
