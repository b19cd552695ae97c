import type { OrderStatus, OrderType, Side, TimeInForce } from "../../../contracts/fields.js";
import {
  readMoney,
  readTimestamp,
  type SqlMoney,
  type SqlTimestamp,
  type Timestamp,
} from "../../../kit/sql/columns.js";
import type { SqlDialect } from "../../../kit/sql/dialect.js";
import type { IdempotencySchema } from "../../shared/http/idempotency.js";
import type { OutboxSchema } from "../../shared/outbox/outbox.js";
import type { Order, OrderExecution, ReservationState } from "../domain/order.js";

interface OrdersTable {
  order_id: string;
  user_id: string;
  ticker: string;
  side: Side;
  type: OrderType;
  time_in_force: TimeInForce;
  quantity: number;
  price: SqlMoney;
  status: OrderStatus;
  reservation: ReservationState;
  cum_quantity: number;
  recorded_quantity: number;
  recorded_amount: SqlMoney;
  status_seq: number;
  version: number;
  acknowledged: number;
  cancel_requested: number;
  reason: string | null;
  created_at: SqlTimestamp;
  updated_at: SqlTimestamp;
  due_at: SqlTimestamp | null;
}

interface ExecutionsTable {
  order_id: string;
  execution_id: string;
  quantity: number;
  price: SqlMoney;
  recorded_at: SqlTimestamp;
}

export interface OrderSchema extends OutboxSchema, IdempotencySchema {
  orders: OrdersTable;
  executions: ExecutionsTable;
}

/** All that a change may set. */
export const changingColumns = [
  "status",
  "reservation",
  "cum_quantity",
  "recorded_quantity",
  "recorded_amount",
  "status_seq",
  "version",
  "acknowledged",
  "cancel_requested",
  "reason",
  "updated_at",
  "due_at",
] as const satisfies readonly (keyof OrdersTable)[];

/** @param at ms since 1970 */
export function toSqlTime(dialect: SqlDialect, at: number) {
  return dialect.timestamp((at * 1_000) as Timestamp);
}

function fromSqlTime(value: SqlTimestamp): number {
  return Math.floor(readTimestamp(value) / 1_000);
}

export function toOrderRow(dialect: SqlDialect, order: Order) {
  return {
    order_id: order.orderId,
    user_id: order.userId,
    ticker: order.ticker,
    side: order.side,
    type: order.type,
    time_in_force: order.timeInForce,
    quantity: order.quantity,
    price: dialect.money(order.price),
    status: order.status,
    reservation: order.reservation,
    cum_quantity: order.cumQuantity,
    recorded_quantity: order.recordedQuantity,
    recorded_amount: dialect.money(order.recordedAmount),
    status_seq: order.statusSeq,
    version: order.version,
    acknowledged: Number(order.acknowledged),
    cancel_requested: Number(order.cancelRequested),
    reason: order.reason,
    created_at: toSqlTime(dialect, order.createdAt),
    updated_at: toSqlTime(dialect, order.updatedAt),
    due_at: order.dueAt === null ? null : toSqlTime(dialect, order.dueAt),
  };
}

export function toOrder(row: OrdersTable): Order {
  return {
    orderId: row.order_id,
    userId: row.user_id,
    ticker: row.ticker,
    side: row.side,
    type: row.type,
    timeInForce: row.time_in_force,
    quantity: row.quantity,
    price: readMoney(row.price),
    status: row.status,
    reservation: row.reservation,
    cumQuantity: row.cum_quantity,
    recordedQuantity: row.recorded_quantity,
    recordedAmount: readMoney(row.recorded_amount),
    statusSeq: row.status_seq,
    version: row.version,
    acknowledged: row.acknowledged === 1,
    cancelRequested: row.cancel_requested === 1,
    reason: row.reason,
    createdAt: fromSqlTime(row.created_at),
    updatedAt: fromSqlTime(row.updated_at),
    dueAt: row.due_at === null ? null : fromSqlTime(row.due_at),
  };
}

export function toExecution(
  row: Pick<ExecutionsTable, "execution_id" | "quantity" | "price">,
): OrderExecution {
  return { executionId: row.execution_id, quantity: row.quantity, price: readMoney(row.price) };
}
