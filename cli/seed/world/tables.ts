import type { BulkKind } from "../../../kit/sql/bulk/bulk.js";
import type { CollectionShape, DocumentPart, SqlPart, TableShape } from "./parts.js";

function table(
  name: string,
  key: readonly string[],
  columns: Readonly<Record<string, BulkKind>>,
): TableShape {
  return { name, key, columns: Object.entries(columns).map(([column, kind]) => ({ name: column, kind })) };
}

export const userTable = table("users", ["user_id"], {
  user_id: "text",
  name: "text",
  email: "text",
  password_hash: "text",
  role: "text",
  created_at: "timestamp",
  seed_password: "integer",
  cpf: "text",
});

export const accountTable = table("accounts", ["user_id"], {
  user_id: "text",
  available: "money",
  blocked: "money",
  sequence: "integer",
  updated_at: "timestamp",
});

export const positionTable = table("positions", ["user_id", "ticker"], {
  user_id: "text",
  ticker: "text",
  available: "integer",
  blocked: "integer",
  total_cost: "money",
});

export const reservationTable = table("reservations", ["order_id"], {
  order_id: "text",
  state: "text",
  user_id: "text",
  ticker: "text",
  side: "text",
  quantity: "integer",
  unit_price: "money",
  settled: "integer",
  released: "integer",
});

export const transactionTable = table("transactions", ["user_id", "sequence"], {
  user_id: "text",
  sequence: "integer",
  transaction_id: "text",
  transaction_type: "text",
  amount: "money",
  ticker: "text",
  quantity: "integer",
  order_id: "text",
  execution_id: "text",
  balance_after: "money",
  blocked_balance_after: "money",
  created_at: "timestamp",
});

export const orderTable = table("orders", ["order_id"], {
  order_id: "text",
  user_id: "text",
  ticker: "text",
  side: "text",
  type: "text",
  time_in_force: "text",
  quantity: "integer",
  price: "money",
  status: "text",
  reservation: "text",
  cum_quantity: "integer",
  recorded_quantity: "integer",
  recorded_amount: "money",
  status_seq: "integer",
  version: "integer",
  acknowledged: "integer",
  cancel_requested: "integer",
  reason: "text",
  created_at: "timestamp",
  updated_at: "timestamp",
  due_at: "timestamp",
});

export const executionTable = table("executions", ["order_id", "execution_id"], {
  order_id: "text",
  execution_id: "text",
  quantity: "integer",
  price: "money",
  recorded_at: "timestamp",
});

export const assetTable: TableShape = {
  ...table("assets", ["ticker"], {
    ticker: "text",
    name: "text",
    kind: "text",
    lot_size: "integer",
    tick: "money",
    status: "text",
  }),
  shared: true,
};

export const assetPriceTable: TableShape = {
  ...table("asset_prices", ["ticker"], { ticker: "text", price: "money", updated_at: "timestamp" }),
  shared: true,
};

export const commandTable = table("commands", ["sequence"], {
  sequence: "integer",
  kind: "text",
  order_id: "text",
  at_ms: "milliseconds",
  payload: "text",
});

export const bookedOrderTable = table("orders", ["order_id"], {
  order_id: "text",
  sequence: "integer",
  ticker: "text",
  side: "text",
  type: "text",
  time_in_force: "text",
  price: "money",
  quantity: "integer",
  session_date: "text",
  status: "text",
  cum_quantity: "integer",
  leaves_quantity: "integer",
  order_seq: "integer",
});

/** Its id is "generated always" on Postgres, which COPY may set and a plain INSERT may not. */
export const resultTable = table("results", ["id"], {
  id: "integer",
  order_id: "text",
  order_seq: "integer",
  sequence: "integer",
  status: "text",
  reason: "text",
  execution_id: "text",
  counter_order_id: "text",
  executed_price: "money",
  executed_quantity: "integer",
  cum_quantity: "integer",
  leaves_quantity: "integer",
  at_ms: "milliseconds",
});

export const bookTable: TableShape = {
  ...table("books", ["ticker"], {
    ticker: "text",
    reference: "money",
    bid: "money",
    bid_quantity: "integer",
    ask: "money",
    ask_quantity: "integer",
  }),
  shared: true,
};

/** In an order in which they may be loaded one after the other. */
export const tablesOf: Readonly<Record<SqlPart, readonly TableShape[]>> = {
  identity: [userTable],
  wallet: [accountTable, positionTable, reservationTable, transactionTable],
  order: [orderTable, executionTable],
  asset: [assetTable, assetPriceTable],
  exchange: [commandTable, bookedOrderTable, resultTable, bookTable],
};

const byPlace = [["owner", "place"]];

export const priceHistory: CollectionShape = {
  name: "price_history",
  indexes: [["ticker", "updated_at"], ["created_at"]],
};
export const orderReports: CollectionShape = { name: "order_reports", indexes: byPlace };
export const accountReports: CollectionShape = { name: "account_reports", indexes: [] };
export const statementLines: CollectionShape = { name: "statement_lines", indexes: byPlace };
export const assetHistory: CollectionShape = { name: "asset_history", indexes: byPlace };

export const collectionsOf: Readonly<Record<DocumentPart, readonly CollectionShape[]>> = {
  "market-data": [priceHistory],
  report: [orderReports, accountReports, statementLines, assetHistory],
};
