import type { Generated } from "kysely";
import type { OrderStatus, OrderType, ResultStatus, Side, TimeInForce } from "../../../contracts/fields.js";
import type { SqlMoney } from "../../../kit/sql/columns.js";
import type { OutboxSchema } from "../../shared/outbox/outbox.js";

export interface CommandRow {
  sequence: number;
  kind: string;
  order_id: string | null;
  at_ms: number;
  /** JSON of what is in no other table. */
  payload: string | null;
}

export interface OrderRow {
  order_id: string;
  sequence: number;
  ticker: string | null;
  side: Side | null;
  type: OrderType | null;
  time_in_force: TimeInForce | null;
  price: SqlMoney | null;
  quantity: number | null;
  session_date: string | null;
  status: OrderStatus;
  cum_quantity: number;
  leaves_quantity: number;
  order_seq: number;
}

export interface ResultRow {
  order_id: string;
  order_seq: number;
  sequence: number;
  status: ResultStatus;
  reason: string | null;
  execution_id: string | null;
  counter_order_id: string | null;
  executed_price: SqlMoney | null;
  executed_quantity: number | null;
  cum_quantity: number;
  leaves_quantity: number;
  at_ms: number;
}

export interface ExecutionRow {
  id: number;
  execution_id: string;
  order_id: string;
  counter_order_id: string | null;
  ticker: string;
  side: Side;
  price: SqlMoney;
  quantity: number;
  at_ms: number;
}

export interface BookRow {
  ticker: string;
  reference: SqlMoney | null;
  bid: SqlMoney | null;
  bid_quantity: number;
  ask: SqlMoney | null;
  ask_quantity: number;
}

/** b3-core-db. */
export interface EngineSchema extends OutboxSchema {
  commands: CommandRow;
  orders: OrderRow;
  results: ResultRow & { id: Generated<number> };
  /** A view. */
  executions: ExecutionRow;
  books: BookRow;
}
