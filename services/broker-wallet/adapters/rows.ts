import { readMoney, readTimestamp, type Timestamp } from "../../../kit/sql/columns.js";
import type { SqlDialect } from "../../../kit/sql/dialect.js";
import type { LedgerEntry } from "../app/store.js";
import type { Account, Position, Reservation } from "../domain/book.js";
import type { AccountRow, PositionRow, ReservationRow, TransactionRow } from "./schema.js";

export type Rows = ReturnType<typeof createRows>;

/** Values of the domain as rows, and back. */
export function createRows({ money, timestamp }: SqlDialect) {
  return {
    account: ({ userId, available, blocked, sequence }: Account, at: Timestamp) => ({
      user_id: userId,
      available: money(available),
      blocked: money(blocked),
      sequence,
      updated_at: timestamp(at),
    }),
    readAccount: (row: AccountRow): Account => ({
      userId: row.user_id,
      available: readMoney(row.available),
      blocked: readMoney(row.blocked),
      sequence: row.sequence,
    }),
    position: ({ userId, ticker, available, blocked, totalCost }: Position) => ({
      user_id: userId,
      ticker,
      available,
      blocked,
      total_cost: money(totalCost),
    }),
    readPosition: (row: PositionRow): Position => ({
      userId: row.user_id,
      ticker: row.ticker,
      available: row.available,
      blocked: row.blocked,
      totalCost: readMoney(row.total_cost),
    }),
    reservation: ({ orderId, state, terms, settled, released }: Reservation) => ({
      order_id: orderId,
      state,
      user_id: terms?.userId ?? null,
      ticker: terms?.ticker ?? null,
      side: terms?.side ?? null,
      quantity: terms?.quantity ?? null,
      unit_price: terms === undefined ? null : money(terms.unitPrice),
      settled,
      released,
    }),
    readReservation,
    entry: (entry: LedgerEntry) => ({
      user_id: entry.userId,
      sequence: entry.sequence,
      transaction_id: entry.transactionId,
      transaction_type: entry.type,
      amount: money(entry.amount),
      ticker: entry.ticker,
      quantity: entry.quantity,
      order_id: entry.orderId,
      execution_id: entry.executionId,
      balance_after: money(entry.balanceAfter),
      blocked_balance_after: money(entry.blockedBalanceAfter),
      created_at: timestamp(entry.createdAt),
    }),
    readEntry,
  };
}

function readReservation(row: ReservationRow): Reservation {
  const {
    order_id: orderId,
    state,
    user_id: userId,
    ticker,
    side,
    quantity,
    unit_price,
    settled,
    released,
  } = row;
  const terms =
    userId === null || ticker === null || side === null || quantity === null || unit_price === null
      ? undefined
      : { userId, ticker, side, quantity, unitPrice: readMoney(unit_price) };
  return { orderId, state, terms, settled, released };
}

function readEntry(row: TransactionRow): LedgerEntry {
  return {
    userId: row.user_id,
    sequence: row.sequence,
    transactionId: row.transaction_id,
    type: row.transaction_type,
    amount: readMoney(row.amount),
    ticker: row.ticker,
    quantity: row.quantity,
    orderId: row.order_id,
    executionId: row.execution_id,
    balanceAfter: readMoney(row.balance_after),
    blockedBalanceAfter: readMoney(row.blocked_balance_after),
    createdAt: readTimestamp(row.created_at),
  };
}
