import type { Side } from "../../../contracts/fields.js";
import type { TransactionType } from "../../../contracts/messages.js";
import type { SqlMoney, SqlTimestamp } from "../../../kit/sql/columns.js";
import type { IdempotencySchema } from "../../shared/http/idempotency.js";
import type { OutboxSchema } from "../../shared/outbox/outbox.js";

export interface AccountRow {
  user_id: string;
  available: SqlMoney;
  blocked: SqlMoney;
  sequence: number;
  updated_at: SqlTimestamp;
}

export interface PositionRow {
  user_id: string;
  ticker: string;
  available: number;
  blocked: number;
  total_cost: SqlMoney;
}

/** A tombstone has no terms. */
export interface ReservationRow {
  order_id: string;
  state: "HELD" | "RELEASED";
  user_id: string | null;
  ticker: string | null;
  side: Side | null;
  quantity: number | null;
  unit_price: SqlMoney | null;
  settled: number;
  released: number;
}

export interface TransactionRow {
  user_id: string;
  sequence: number;
  transaction_id: string;
  transaction_type: TransactionType;
  amount: SqlMoney;
  ticker: string | null;
  quantity: number | null;
  order_id: string | null;
  execution_id: string | null;
  balance_after: SqlMoney;
  blocked_balance_after: SqlMoney;
  created_at: SqlTimestamp;
}

export interface WalletSchema extends OutboxSchema, IdempotencySchema {
  accounts: AccountRow;
  positions: PositionRow;
  reservations: ReservationRow;
  transactions: TransactionRow;
}
