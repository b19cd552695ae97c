import type { Transaction } from "kysely";
import type { Database } from "../../../kit/sql/database.js";
import { addToOutbox } from "../../shared/outbox/outbox.js";
import type { Locked, OrderQuery, OrderStore, TracedChange, Wanted } from "../app/ports.js";
import type { Order } from "../domain/order.js";
import {
  changingColumns,
  type OrderSchema,
  toExecution,
  toOrder,
  toOrderRow,
  toSqlTime,
} from "./order-rows.js";
import { toOutboxRows } from "./outbox-rows.js";

/** Called after a commit, with what the orders were before. */
export type Committed = (changes: readonly TracedChange[], before: Locked["orders"]) => void;

export function createOrderStore(database: Database<OrderSchema>, committed: Committed): OrderStore {
  const { db, dialect } = database;
  const store = { database, committed };
  return {
    insert: async (order) =>
      void (await db.insertInto("orders").values(toOrderRow(dialect, order)).execute()),
    find: async (orderId) => {
      const row = await db
        .selectFrom("orders")
        .selectAll()
        .where("order_id", "=", orderId)
        .executeTakeFirst();
      return row === undefined ? undefined : toOrder(row);
    },
    list: (query) => list(database, query),
    listDue: async (now, limit) => {
      const rows = await db
        .selectFrom("orders")
        .select("order_id")
        .where("due_at", "<=", toSqlTime(dialect, now))
        .orderBy("due_at")
        .limit(limit)
        .execute();
      return rows.map((row) => row.order_id);
    },
    change: (wanted, decide) => change(store, wanted, decide),
  };
}

async function list({ db }: Database<OrderSchema>, query: OrderQuery): Promise<Order[]> {
  let select = db.selectFrom("orders").selectAll().where("user_id", "=", query.userId);
  if (query.status !== undefined) select = select.where("status", "=", query.status);
  if (query.ticker !== undefined) select = select.where("ticker", "=", query.ticker);
  if (query.cursor !== undefined) select = select.where("order_id", "<", query.cursor);
  return (await select.orderBy("order_id", "desc").limit(query.limit).execute()).map(toOrder);
}

async function change(
  { database, committed }: { database: Database<OrderSchema>; committed: Committed },
  wanted: Wanted,
  decide: (locked: Locked) => readonly TracedChange[],
): Promise<void> {
  const [changes, before] = await database.transact(async (transaction) => {
    const locked = await lock(database, transaction, wanted);
    const decided = decide(locked);
    await save(database, transaction, decided);
    return [decided, locked.orders] as const;
  });
  committed(changes, before);
}

async function lock(
  { dialect }: Database<OrderSchema>,
  transaction: Transaction<OrderSchema>,
  { orderIds, executionIds = [] }: Wanted,
): Promise<Locked> {
  const select = transaction.selectFrom("orders").selectAll().where("order_id", "in", orderIds);
  const orders = new Map(
    (await dialect.forUpdate(select).execute()).map((row) => [row.order_id, toOrder(row)]),
  );
  const executions =
    executionIds.length === 0
      ? []
      : await transaction
          .selectFrom("executions")
          .select(["order_id", "execution_id", "quantity", "price"])
          .where("order_id", "in", orderIds)
          .where("execution_id", "in", executionIds)
          .execute();
  const known = new Map(executions.map((row) => [`${row.order_id} ${row.execution_id}`, toExecution(row)]));
  return { orders, execution: (orderId, executionId) => known.get(`${orderId} ${executionId}`) };
}

async function save(
  { dialect }: Database<OrderSchema>,
  transaction: Transaction<OrderSchema>,
  changes: readonly TracedChange[],
): Promise<void> {
  if (changes.length === 0) return;
  // The last change of an order has its state.
  const orders = new Map(changes.map(({ order }) => [order.orderId, toOrderRow(dialect, order)]));
  const rows = transaction.insertInto("orders").values([...orders.values()]);
  await dialect.upsert(rows, ["order_id"], changingColumns).execute();
  const executions = changes.flatMap(({ order, execution }) =>
    execution === undefined
      ? []
      : {
          order_id: order.orderId,
          execution_id: execution.executionId,
          quantity: execution.quantity,
          price: dialect.money(execution.price),
          recorded_at: toSqlTime(dialect, order.updatedAt),
        },
  );
  if (executions.length > 0) await transaction.insertInto("executions").values(executions).execute();
  const outbox = changes.flatMap(toOutboxRows);
  if (outbox.length > 0) await addToOutbox(transaction, outbox);
}
