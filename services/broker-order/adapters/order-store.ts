import type { Database } from "../../../kit/sql/database.js";
import type { OrderQuery, OrderStore } from "../app/ports.js";
import type { Order } from "../domain/order.js";
import { type Committed, createChange } from "./change-orders.js";
import { type OrderSchema, toOrder, toSqlTime } from "./order-rows.js";

export function createOrderStore(database: Database<OrderSchema>, committed: Committed): OrderStore {
  const { db, dialect } = database;
  return {
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
    change: createChange({ database, committed }),
  };
}

async function list({ db }: Database<OrderSchema>, query: OrderQuery): Promise<Order[]> {
  let select = db.selectFrom("orders").selectAll().where("user_id", "=", query.userId);
  if (query.status !== undefined) select = select.where("status", "=", query.status);
  if (query.ticker !== undefined) select = select.where("ticker", "=", query.ticker);
  if (query.before !== undefined) select = select.where("order_id", "<", query.before);
  return (await select.orderBy("order_id", "desc").limit(query.limit).execute()).map(toOrder);
}
