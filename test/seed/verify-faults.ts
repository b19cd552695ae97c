/** Columns of a table that somebody is held to, with the columns of its key. */
export interface FaultyTable {
  readonly store: string;
  readonly table: string;
  readonly key: readonly string[];
  readonly columns: readonly string[];
  /** Rows that can be taken out without anybody noticing are not listed. */
  readonly missable?: true;
  /** Only these rows: of the others the columns are empty. */
  readonly where?: string;
  /** For a new row beside the old one, which has the rest of it. */
  readonly copyWith?: Readonly<Record<string, string>>;
}

export const faultyTables: readonly FaultyTable[] = [
  {
    store: "broker-identity-db",
    table: "users",
    key: ["user_id"],
    columns: ["user_id"],
  },
  {
    store: "broker-wallet-db",
    table: "accounts",
    key: ["user_id"],
    columns: ["user_id", "available", "blocked", "sequence"],
    copyWith: { user_id: "'nobody'" },
  },
  {
    store: "broker-wallet-db",
    table: "positions",
    key: ["user_id", "ticker"],
    columns: ["user_id", "ticker", "available", "blocked"],
    where: "available > 0 and blocked > 0",
    copyWith: { ticker: "'XXXX3'" },
  },
  {
    store: "broker-wallet-db",
    table: "reservations",
    key: ["order_id"],
    columns: ["state", "user_id", "ticker", "side", "quantity", "unit_price", "settled", "released"],
    where: "user_id is not null and released > 0 and settled > 0",
    copyWith: { order_id: "'nothing'" },
  },
  {
    store: "broker-wallet-db",
    table: "transactions",
    key: ["user_id", "sequence"],
    columns: [
      ...["sequence", "transaction_id", "transaction_type", "amount", "ticker", "quantity", "order_id"],
      ...["execution_id", "balance_after", "blocked_balance_after", "created_at"],
    ],
    where: "transaction_type = 'SETTLEMENT'",
    copyWith: { sequence: "1000000", transaction_id: "'again'", execution_id: "'again'" },
  },
  {
    store: "broker-order-db",
    table: "orders",
    key: ["order_id"],
    columns: [
      ...["order_id", "user_id", "ticker", "side", "type", "time_in_force", "quantity", "price", "status"],
      ...["reservation", "cum_quantity", "recorded_quantity", "recorded_amount", "status_seq", "version"],
      "reason",
    ],
    where: "reservation = 'HELD' and cum_quantity > 0",
    copyWith: { order_id: "'again'" },
  },
  {
    store: "broker-order-db",
    table: "executions",
    key: ["order_id", "execution_id"],
    columns: ["order_id", "execution_id", "quantity", "price"],
    copyWith: { execution_id: "'again'" },
  },
  {
    store: "b3-core-db",
    table: "orders",
    key: ["order_id"],
    columns: [
      ...["order_id", "ticker", "side", "type", "time_in_force", "price", "quantity", "status"],
      ...["cum_quantity", "leaves_quantity", "order_seq"],
    ],
    where: "cum_quantity > 0",
    copyWith: { order_id: "'again'" },
  },
  {
    store: "b3-core-db",
    table: "results",
    key: ["order_id", "order_seq"],
    columns: [
      ...["order_id", "order_seq", "status", "execution_id", "counter_order_id", "executed_price"],
      ...["executed_quantity", "cum_quantity", "leaves_quantity"],
    ],
    where: "execution_id is not null and counter_order_id is not null",
    copyWith: { id: "1000000", order_seq: "1000000" },
  },
  {
    store: "broker-asset-db",
    table: "assets",
    key: ["ticker"],
    columns: ["ticker", "name", "kind", "lot_size", "tick", "status"],
    copyWith: { ticker: "'XXXX3'" },
  },
  {
    store: "broker-asset-db",
    table: "asset_prices",
    key: ["ticker"],
    columns: ["ticker"],
    copyWith: { ticker: "'XXXX3'" },
  },
];

/** Fields of documents, by collection. */
export const faultyCollections = [
  {
    collection: "order_reports",
    fields: [
      ...["orderId", "ticker", "side", "quantity", "price", "status", "cumQuantity", "leavesQuantity"],
      ...["type", "timeInForce", "reason", "owner", "place", "updatedAt"],
    ],
  },
  { collection: "account_reports", fields: ["available", "blocked"] },
  {
    collection: "statement_lines",
    fields: [
      ...["eventId", "transactionType", "amount", "balanceAfter", "blockedBalanceAfter", "createdAt"],
      ...["ticker", "quantity", "orderId", "executionId", "owner", "place"],
    ],
  },
  { collection: "price_history", fields: ["ticker", "updated_at"] },
  { collection: "asset_history", fields: ["ticker", "owner", "time", "place"] },
] as const;
