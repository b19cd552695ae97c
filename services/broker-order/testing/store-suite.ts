import { join } from "node:path";
import { v7 as makeId } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toMoney } from "../../../kit/money.js";
import { type Database, type DatabaseSettings, openDatabase } from "../../../kit/sql/database.js";
import { migrate, readMigrations } from "../../../kit/sql/migrate.js";
import type { OrderSchema } from "../adapters/order-rows.js";
import { createOrderStore } from "../adapters/order-store.js";
import { applyResults } from "../app/apply-results.js";
import { changeOrder, insertOrder } from "../app/change-order.js";
import type { OrderStore, TracedChange } from "../app/ports.js";
import { announce, type Order } from "../domain/order.js";
import { heldOrder } from "./result-streams.js";

/** What the store does on each engine; `settings` is read once the server runs. */
export function describeOrderStore(kind: string, settings: () => DatabaseSettings): void {
  describe(`orders on ${kind}`, () => {
    let database: Database<OrderSchema>;
    let store: OrderStore;
    const committed: TracedChange[] = [];
    beforeAll(async () => {
      database = await openDatabase<OrderSchema>(settings());
      const folder = join(import.meta.dirname, "../adapters/migrations");
      await migrate(database, await readMigrations(folder, database.dialect.kind));
      store = createOrderStore(database, (changes) => committed.push(...changes));
    });
    afterAll(() => database.close());

    async function insert(fields: Partial<Order> = {}): Promise<Order> {
      const order = { ...heldOrder({ orderId: makeId() }), ...fields };
      await insertOrder(store, order);
      return order;
    }
    const announceIt = (order: Order) => announce(order);

    it("gives back what it was given, to the last digit and millisecond", async () => {
      const order = await insert({
        price: toMoney(9_999_999_999),
        recordedAmount: toMoney(999_999_999_999_999),
        reason: "WHY",
        dueAt: 1_795_303_800_123,
        createdAt: 1_795_303_800_999,
        cancelRequested: true,
      });
      expect(await store.find(order.orderId)).toEqual(order);
      expect(await store.find("unknown")).toBeUndefined();
    });

    it("lets each of many changes at once see those before it", async () => {
      const { orderId, version } = await insert();
      const ends = await Promise.all(
        Array.from({ length: 50 }, () => changeOrder(store, orderId, announceIt)),
      );
      expect(ends.map((order) => order?.version)).toEqual(ends.map((_, index) => version + index + 1));
      expect((await store.find(orderId))?.version).toBe(version + 50);
      const rows = database.db
        .selectFrom("outbox")
        .select("payload")
        .where("payload", "like", `%${orderId}%`);
      const versions = (await rows.orderBy("id").execute()).map(({ payload }) => JSON.parse(payload).version);
      expect(versions).toEqual(ends.map((_, index) => version + index + 1));
    });

    it("keeps what goes wrong with one from the others", async () => {
      const orders = await Promise.all([insert(), insert(), insert()]);
      const [first = "", second = "", third = ""] = orders.map(({ orderId }) => orderId);
      const before = committed.length;
      const ends = await Promise.allSettled([
        changeOrder(store, first, announceIt),
        changeOrder(store, second, () => {
          throw new Error("decided so");
        }),
        changeOrder(store, third, (order) => ({ order: { ...order, status: null as never } })),
        changeOrder(store, first, announceIt),
      ]);
      expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
      expect((await store.find(first))?.version).toBe(3);
      expect(await store.find(third)).toEqual(orders[2]);
      expect(committed.length).toBe(before + 2);
    });

    it("applies a batch of many orders' results, again without effect", async () => {
      const orders = await Promise.all(Array.from({ length: 20 }, () => insert()));
      const results = orders.flatMap(({ orderId }) => {
        const fill = { orderId, executedPrice: 39.5, executedQuantity: 500 };
        return [
          { orderId, status: "ACCEPTED", orderSeq: 1 } as const,
          { ...fill, status: "PARTIALLY_FILLED", executionId: "a", orderSeq: 2, cumQuantity: 500 } as const,
          { ...fill, status: "FILLED", executionId: "b", orderSeq: 3, cumQuantity: 1_000 } as const,
        ];
      });
      const batch = results.map((body) => ({ body, headers: {} }));
      await Promise.all([applyResults(store, batch.slice(0, 30)), applyResults(store, batch)]);
      await applyResults(store, batch);
      const ends = await Promise.all(orders.map(({ orderId }) => store.find(orderId)));
      expect(ends.every((order) => order?.status === "FILLED" && order.recordedQuantity === 1_000)).toBe(
        true,
      );
      expect(ends.map((order) => order?.version)).toEqual(orders.map(() => 3));
    });

    it("finds what is due, the longest due first", async () => {
      const later = await insert({ dueAt: 2_000 });
      const sooner = await insert({ dueAt: 1_999 });
      await insert({ dueAt: null });
      expect(await store.listDue(2_000, 10)).toEqual([sooner.orderId, later.orderId]);
      expect(await store.listDue(2_000, 1)).toEqual([sooner.orderId]);
    });
  });
}
