import type { SqlSource } from "./sql-source.js";

type Text = string | null;

export interface OrderRow {
  readonly order_id: string;
  readonly user_id: string;
  readonly ticker: string;
  readonly side: string;
  readonly type: string;
  readonly time_in_force: string;
  readonly quantity: number;
  readonly price: number;
  readonly status: string;
  readonly reservation: string;
  readonly cum_quantity: number;
  readonly recorded_quantity: number;
  readonly recorded_amount: number;
  readonly status_seq: number;
  readonly version: number;
  readonly reason: Text;
}

export const orders: SqlSource<OrderRow> = {
  part: "order",
  from: "orders",
  key: ["order_id"],
  columns: {
    ...{ order_id: "", user_id: "", ticker: "", side: "", type: "", time_in_force: "", quantity: "" },
    ...{ price: "$", status: "", reservation: "", cum_quantity: "", recorded_quantity: "" },
    ...{ recorded_amount: "$", status_seq: "", version: "", reason: "" },
  },
};

export interface RecordedRow {
  readonly order_id: string;
  readonly execution_id: string;
  readonly quantity: number;
  readonly price: number;
}

export const recorded: SqlSource<RecordedRow> = {
  part: "order",
  from: "executions",
  key: ["order_id", "execution_id"],
  columns: { order_id: "", execution_id: "", quantity: "", price: "$" },
};

/** Whoever has orders. */
export const orderOwners: SqlSource<{ readonly user_id: string; readonly orders: number }> = {
  part: "order",
  from: "orders",
  grouped: true,
  key: ["user_id"],
  columns: { user_id: "", orders: "#count(*)" },
};

export interface ReservationRow {
  readonly order_id: string;
  readonly state: string;
  /** null, as the others are: a tombstone. */
  readonly user_id: Text;
  readonly ticker: Text;
  readonly side: Text;
  readonly quantity: number | null;
  readonly unit_price: number | null;
  readonly settled: number;
  readonly released: number;
}

export const reservations: SqlSource<ReservationRow> = {
  part: "wallet",
  from: "reservations",
  key: ["order_id"],
  columns: {
    ...{ order_id: "", state: "", user_id: "", ticker: "", side: "", quantity: "", unit_price: "$" },
    ...{ settled: "", released: "" },
  },
};

export interface SettlementRow {
  readonly order_id: string;
  readonly execution_id: string;
  readonly transaction_type: string;
  readonly user_id: string;
  readonly sequence: number;
  readonly amount: number;
  readonly ticker: Text;
  readonly quantity: number | null;
}

/** What executions moved: SETTLEMENT, and REFUND where less was paid than held. */
export const settlements: SqlSource<SettlementRow> = {
  part: "wallet",
  from: "transactions",
  filter: "execution_id is not null and order_id is not null",
  key: ["order_id", "execution_id", "transaction_type"],
  columns: {
    ...{ order_id: "", execution_id: "", transaction_type: "", user_id: "", sequence: "" },
    ...{ amount: "$", ticker: "", quantity: "" },
  },
};

export interface BookedRow {
  readonly order_id: string;
  /** null, as the others are: only the id was ever known. */
  readonly ticker: Text;
  readonly side: Text;
  readonly type: Text;
  readonly time_in_force: Text;
  readonly price: number | null;
  readonly quantity: number | null;
  readonly status: string;
  readonly cum_quantity: number;
  readonly leaves_quantity: number;
  readonly order_seq: number;
}

export const booked: SqlSource<BookedRow> = {
  part: "exchange",
  from: "orders",
  key: ["order_id"],
  columns: {
    ...{ order_id: "", ticker: "", side: "", type: "", time_in_force: "", price: "$", quantity: "" },
    ...{ status: "", cum_quantity: "", leaves_quantity: "", order_seq: "" },
  },
};

export interface ResultRow {
  readonly order_id: string;
  readonly order_seq: number;
  readonly status: string;
  readonly reason: Text;
  readonly execution_id: Text;
  readonly counter_order_id: Text;
  readonly price: number | null;
  readonly quantity: number | null;
  readonly cum_quantity: number;
  readonly leaves_quantity: number;
  /** Of the other side of the execution; all null where there is none. */
  readonly counter_of_counter: Text;
  readonly counter_side: Text;
  readonly counter_price: number | null;
  readonly counter_quantity: number | null;
}

export const results: SqlSource<ResultRow> = {
  part: "exchange",
  from: `results r
    left join results c on c.order_id = r.counter_order_id and c.execution_id = r.execution_id
    left join orders o on o.order_id = c.order_id`,
  key: ["r.order_id", "r.order_seq"],
  columns: {
    ...{ order_id: "r.order_id", order_seq: "r.order_seq", status: "r.status", reason: "r.reason" },
    ...{ execution_id: "r.execution_id", counter_order_id: "r.counter_order_id" },
    ...{ price: "$r.executed_price", quantity: "r.executed_quantity" },
    ...{ cum_quantity: "r.cum_quantity", leaves_quantity: "r.leaves_quantity" },
    ...{ counter_of_counter: "c.counter_order_id", counter_side: "o.side" },
    ...{ counter_price: "$c.executed_price", counter_quantity: "c.executed_quantity" },
  },
};

export const users: SqlSource<{ readonly user_id: string }> = {
  part: "identity",
  from: "users",
  key: ["user_id"],
  columns: { user_id: "" },
};

export interface AccountRow {
  readonly user_id: string;
  readonly available: number;
  readonly blocked: number;
  readonly sequence: number;
}

export const accounts: SqlSource<AccountRow> = {
  part: "wallet",
  from: "accounts",
  key: ["user_id"],
  columns: { user_id: "", available: "$", blocked: "$", sequence: "" },
};

export interface LedgerRow {
  readonly user_id: string;
  readonly sequence: number;
  readonly transaction_type: string;
  readonly amount: number;
  readonly ticker: Text;
  readonly quantity: number | null;
  readonly balance_after: number;
  readonly blocked_balance_after: number;
}

export const ledger: SqlSource<LedgerRow> = {
  part: "wallet",
  from: "transactions",
  key: ["user_id", "sequence"],
  columns: {
    ...{ user_id: "", sequence: "", transaction_type: "", amount: "$", ticker: "", quantity: "" },
    ...{ balance_after: "$", blocked_balance_after: "$" },
  },
};

export interface PositionRow {
  readonly user_id: string;
  readonly ticker: string;
  readonly available: number;
  readonly blocked: number;
  readonly total_cost: number;
}

export const positions: SqlSource<PositionRow> = {
  part: "wallet",
  from: "positions",
  key: ["user_id", "ticker"],
  columns: { user_id: "", ticker: "", available: "", blocked: "", total_cost: "$" },
};

export interface HeldRow {
  readonly user_id: string;
  readonly side: string;
  readonly ticker: string;
  readonly quantity: number;
  readonly amount: number;
}

/** What open reservations hold of a user. */
export const held: SqlSource<HeldRow> = {
  part: "wallet",
  from: "reservations",
  filter: "user_id is not null and quantity > settled + released",
  grouped: true,
  key: ["user_id", "side", "ticker"],
  columns: {
    ...{ user_id: "", side: "", ticker: "", quantity: "#sum(quantity - settled - released)" },
    amount: "$sum((quantity - settled - released) * unit_price)",
  },
};

export interface EntryRow {
  readonly transaction_id: string;
  readonly user_id: string;
  readonly sequence: number;
  readonly transaction_type: string;
  readonly amount: number;
  readonly ticker: Text;
  readonly quantity: number | null;
  readonly order_id: Text;
  readonly execution_id: Text;
  readonly balance_after: number;
  readonly blocked_balance_after: number;
  readonly created_ms: number;
}

/** The ledger once more, in the order of what its lines are called in the reports. */
export const entries: SqlSource<EntryRow> = {
  part: "wallet",
  from: "transactions",
  key: ["transaction_id"],
  columns: {
    ...{ transaction_id: "", user_id: "", sequence: "", transaction_type: "", amount: "$", ticker: "" },
    ...{ quantity: "", order_id: "", execution_id: "", balance_after: "$", blocked_balance_after: "$" },
    created_ms: "@created_at",
  },
};
