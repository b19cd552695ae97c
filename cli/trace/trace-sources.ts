import type { SqlSource } from "../seed/verify/sql-source.js";
import type { CommandFacts, EntryFacts, OrderFacts, RecordedFacts, ResultFacts } from "./facts.js";

type OrderRow = Omit<OrderFacts, "acknowledged" | "cancelRequested"> & {
  readonly acknowledged: number;
  readonly cancelRequested: number;
};

/** A row that is still to be published. */
export interface OutboxFacts {
  readonly channel: string;
  readonly destination: string;
  readonly createdMs: number;
}

const byOrder = (column: string) => [column, "order_id"];

export const orderRow: SqlSource<OrderRow> = {
  part: "order",
  from: "orders",
  key: ["order_id"],
  columns: {
    ...{ userId: "user_id", ticker: "", side: "", type: "", timeInForce: "time_in_force", quantity: "" },
    ...{ price: "$", status: "", reservation: "", cumQuantity: "cum_quantity", statusSeq: "status_seq" },
    ...{ version: "", acknowledged: "", cancelRequested: "cancel_requested", reason: "" },
    ...{ createdMs: "@created_at", updatedMs: "@updated_at" },
  },
};

export const recordedRows: SqlSource<RecordedFacts> = {
  part: "order",
  from: "executions",
  key: byOrder("recorded_at"),
  columns: { executionId: "execution_id", quantity: "", price: "$", atMs: "@recorded_at" },
};

export const entryRows: SqlSource<EntryFacts> = {
  part: "wallet",
  from: "transactions",
  key: byOrder("sequence"),
  columns: {
    ...{ type: "transaction_type", amount: "$", quantity: "", executionId: "execution_id" },
    atMs: "@created_at",
  },
};

export const commandRows: SqlSource<CommandFacts> = {
  part: "exchange",
  from: "commands",
  key: ["sequence"],
  columns: { kind: "", atMs: "#at_ms" },
};

export const resultRows: SqlSource<ResultFacts> = {
  part: "exchange",
  from: "results",
  key: ["order_seq"],
  columns: {
    ...{ orderSeq: "order_seq", status: "", reason: "", executionId: "execution_id", atMs: "#at_ms" },
    ...{ executedPrice: "$executed_price", executedQuantity: "executed_quantity" },
  },
};

/** Of each of the three services that have an outbox; the part says which. */
export const waitingRows: Omit<SqlSource<OutboxFacts>, "part"> = {
  from: "outbox",
  key: ["id"],
  columns: { channel: "", destination: "", createdMs: "#created_at" },
};

/** Flags are numbers in every engine. */
export function toOrderFacts({ acknowledged, cancelRequested, ...row }: OrderRow): OrderFacts {
  return { ...row, acknowledged: acknowledged === 1, cancelRequested: cancelRequested === 1 };
}
