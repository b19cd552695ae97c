import type { Money } from "../../../kit/money.js";
import { readMoney, type SqlMoney } from "../../../kit/sql/columns.js";
import type { SqlDialect } from "../../../kit/sql/dialect.js";
import type { BookState, Snapshot, Told } from "../app/ports.js";
import type { Command, Order, Terms } from "../domain/commands.js";
import type { BookRow, CommandRow, OrderRow, ResultRow } from "./schema.js";

export function toCommandRow(command: Command): CommandRow {
  const { sequence, kind, at } = command;
  return {
    sequence,
    kind,
    order_id: "orderId" in command ? command.orderId : null,
    at_ms: at,
    payload: toPayload(command),
  };
}

/** Of NEW, CANCEL and REFUSE the other tables have the rest. */
function toPayload(command: Command): string | null {
  if (command.kind === "PRICE") return JSON.stringify(Object.fromEntries(command.prices));
  return command.kind === "SESSION_END" ? JSON.stringify(command.date) : null;
}

export function toOrderRow(dialect: SqlDialect, order: Order) {
  const { terms } = order;
  return {
    order_id: order.orderId,
    sequence: order.sequence,
    ticker: terms?.ticker ?? null,
    side: terms?.side ?? null,
    type: terms?.type ?? null,
    time_in_force: terms?.timeInForce ?? null,
    price: toSqlMoney(dialect, terms?.price ?? null),
    quantity: terms?.quantity ?? null,
    session_date: terms?.sessionDate ?? null,
    status: order.status,
    cum_quantity: order.cumQuantity,
    leaves_quantity: order.leavesQuantity,
    order_seq: order.orderSeq,
  };
}

export const changingOrderColumns = ["status", "cum_quantity", "leaves_quantity", "order_seq"] as const;

/** An order that rests: it has terms. */
export function readOrderRow(row: OrderRow): Snapshot["resting"][number] {
  return {
    orderId: row.order_id,
    sequence: row.sequence,
    terms: {
      ticker: row.ticker,
      side: row.side,
      type: row.type,
      timeInForce: row.time_in_force,
      price: fromSqlMoney(row.price),
      quantity: row.quantity,
      sessionDate: row.session_date,
    } as Terms,
    status: row.status,
    cumQuantity: row.cum_quantity,
    leavesQuantity: row.leaves_quantity,
    orderSeq: row.order_seq,
  };
}

export function toResultRow(dialect: SqlDialect, told: Told) {
  return {
    order_id: told.orderId,
    order_seq: told.orderSeq,
    sequence: told.sequence,
    status: told.status,
    reason: told.reason,
    execution_id: told.executionId,
    counter_order_id: told.counterOrderId,
    executed_price: toSqlMoney(dialect, told.executedPrice),
    executed_quantity: told.executedQuantity,
    cum_quantity: told.cumQuantity,
    leaves_quantity: told.leavesQuantity,
    at_ms: told.at,
  };
}

export function readResultRow(row: ResultRow): Told {
  return {
    orderId: row.order_id,
    orderSeq: row.order_seq,
    sequence: row.sequence,
    status: row.status,
    reason: row.reason,
    executionId: row.execution_id,
    counterOrderId: row.counter_order_id,
    executedPrice: fromSqlMoney(row.executed_price),
    executedQuantity: row.executed_quantity,
    cumQuantity: row.cum_quantity,
    leavesQuantity: row.leaves_quantity,
    at: row.at_ms,
  };
}

export function toBookRow(dialect: SqlDialect, book: BookState) {
  return {
    ticker: book.ticker,
    reference: toSqlMoney(dialect, book.reference),
    bid: toSqlMoney(dialect, book.bid),
    bid_quantity: book.bidQuantity,
    ask: toSqlMoney(dialect, book.ask),
    ask_quantity: book.askQuantity,
  };
}

export const changingBookColumns = ["reference", "bid", "bid_quantity", "ask", "ask_quantity"] as const;

export function readBookRow(row: BookRow): BookState {
  return {
    ticker: row.ticker,
    reference: fromSqlMoney(row.reference),
    bid: fromSqlMoney(row.bid),
    bidQuantity: row.bid_quantity,
    ask: fromSqlMoney(row.ask),
    askQuantity: row.ask_quantity,
  };
}

function toSqlMoney(dialect: SqlDialect, amount: Money | null) {
  return amount === null ? null : dialect.money(amount);
}

function fromSqlMoney(value: SqlMoney | null): Money | null {
  return value === null ? null : readMoney(value);
}
