import { array, assert, asyncProperty, integer } from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Collection,
  type DocumentSettings,
  type DocumentStore,
  openDocuments,
} from "../../../kit/documents/documents.js";
import { amountLimit, parseMoney, toMoney, toPayload } from "../../../kit/money.js";

interface Price {
  readonly ticker: string;
  readonly price: number;
  readonly created_at: string;
  readonly volume?: number;
}
interface Snapshot {
  readonly orderId: string;
  readonly version: number;
  readonly status?: string;
}

async function collectPages<Page>(pages: AsyncIterable<Page>): Promise<Page[]> {
  const all: Page[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

/** What both kinds of document store must do alike; `settings` is read once the server runs. */
export function describeDocuments(kind: string, settings: () => DocumentSettings): void {
  let store: DocumentStore;
  let prices: Collection<Price>;
  let orders: Collection<Snapshot>;
  let sequence = 0;
  const newId = () => `order-${++sequence}`;

  beforeAll(async () => {
    store = await openDocuments(settings());
    prices = await store.collection<Price>("price_history", [["ticker", "created_at"]]);
    orders = await store.collection<Snapshot>("orders", []);
  });
  afterAll(() => store.close());

  describe(`${kind}: a document that only a higher version replaces`, () => {
    it("is kept, replaced and left as the versions say", async () => {
      const id = newId();
      expect(await orders.get(id)).toBeUndefined();
      expect(
        await orders.putIfNewer([
          { id, version: 2, document: { orderId: id, version: 2, status: "PENDING" } },
        ]),
      ).toBe(1);
      expect(
        await orders.putIfNewer([
          { id, version: 2, document: { orderId: id, version: 2, status: "REPEATED" } },
        ]),
      ).toBe(0);
      expect(
        await orders.putIfNewer([{ id, version: 1, document: { orderId: id, version: 1, status: "LATE" } }]),
      ).toBe(0);
      expect(await orders.get(id)).toEqual({ orderId: id, version: 2, status: "PENDING" });
      expect(await orders.putIfNewer([{ id, version: 3, document: { orderId: id, version: 3 } }])).toBe(1);
      expect(await orders.get(id)).toEqual({ orderId: id, version: 3 });
    });

    it("is inserted with its version, in whose place only a higher one comes", async () => {
      const [there, fresh] = [newId(), newId()];
      const make = (id: string, version: number) => ({ id, version, document: { orderId: id, version } });
      await orders.putIfNewer([make(there, 1)]);
      expect(await orders.insertNew([make(there, 5), make(fresh, 5)])).toBe(1);
      expect(await orders.insertNew([])).toBe(0);
      expect(await orders.putIfNewer([make(there, 2), make(fresh, 4)])).toBe(1);
      expect(await orders.get(fresh)).toEqual({ orderId: fresh, version: 5 });
    });

    it("is told with its id and its version, one alone and among all by id", async () => {
      const all = await store.collection<Snapshot>("all_orders", []);
      expect(await all.getKept("nothing")).toBeUndefined();
      // More than a store gives at once; byte by byte "Z" is before "a".
      const ids = [
        "a",
        "Z",
        ...Array.from({ length: 2_100 }, (_, index) => `n${String(index).padStart(5, "0")}`),
      ];
      const make = (id: string, index: number) => ({
        ...{ id, document: { orderId: id, version: index } },
        ...(index % 2 === 0 ? { version: index } : {}),
      });
      const kept = ids.map(make).map((one) => ({ ...one, version: one.version ?? null }));
      expect(await collectPages(all.scan())).toEqual([]);
      for (let from = 0; from < ids.length; from += 700)
        await all.insertNew(ids.slice(from, from + 700).map((id, index) => make(id, from + index)));
      const sorted = [...kept].sort((one, other) => (one.id < other.id ? -1 : 1));
      const pages = await collectPages(all.scan());
      expect(pages.flat()).toEqual(sorted);
      expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(1_000);
      const anyhow = (await collectPages(all.scan("any"))).flat();
      expect(anyhow.sort((one, other) => (one.id < other.id ? -1 : 1))).toEqual(sorted);
      expect(await Promise.all(["a", "Z"].map((id) => all.getKept(id)))).toEqual(kept.slice(0, 2));
    });

    it("can be left while others are still to come", async () => {
      for await (const page of orders.scan()) {
        expect(page.length).toBeGreaterThan(0);
        break;
      }
      const id = newId();
      await orders.putIfNewer([{ id, version: 1, document: { orderId: id, version: 1 } }]);
      expect(await orders.getKept(id)).toEqual({ id, version: 1, document: { orderId: id, version: 1 } });
    });

    it("goes with others by its id, and by a field", async () => {
      const ids = [newId(), newId(), newId(), newId()] as const;
      await orders.insertNew(
        ids.map((id, version) => ({ id, document: { orderId: id, version, status: `gone-${id}` } })),
      );
      expect(await orders.deleteAmong([ids[0], ids[1], "nothing"])).toBe(2);
      expect(await orders.deleteAmong([`gone-${ids[2]}`, "nothing"], "status")).toBe(1);
      expect(await Promise.all(ids.map(async (id) => (await orders.get(id)) !== undefined))).toEqual([
        ...[false, false, false],
        true,
      ]);
    });

    it("is taken out among however many", async () => {
      const ids = Array.from({ length: 250 }, newId);
      await orders.insertNew(
        ids.map((id, index) => ({
          id,
          document: { orderId: id, version: 1, status: `of-${ids[index % 3]}` },
        })),
      );
      const owners = ids.slice(0, 2).map((id) => `of-${id}`);
      expect(await orders.deleteAmong(owners, "status")).toBe(167);
      expect(await orders.deleteAmong(ids)).toBe(83);
      expect(await orders.get(ids[2] ?? "")).toBeUndefined();
    });

    it("is judged by itself among others of the same call", async () => {
      const put = (id: string, version: number) => ({ id, version, document: { orderId: id, version } });
      const [older, equal, none] = [newId(), newId(), newId()];
      await orders.putIfNewer([put(older, 1), put(equal, 2)]);
      expect(await orders.putIfNewer([])).toBe(0);
      expect(await orders.putIfNewer([put(older, 2), put(equal, 2), put(none, 2)])).toBe(2);
      expect(await Promise.all([older, equal, none].map((id) => orders.get(id)))).toEqual(
        [older, equal, none].map((orderId) => ({ orderId, version: 2 })),
      );
    });

    it("is replaced among however many, in several collections at once", async () => {
      const ids = Array.from({ length: 250 }, newId);
      const others = await store.collection<Snapshot>("other_orders", []);
      const putAll = (collection: Collection<Snapshot>, version: number) =>
        collection.putIfNewer(
          ids.map((orderId) => ({ id: orderId, version, document: { orderId, version } })),
        );
      for (const version of [1, 2]) {
        const kept = await Promise.all([putAll(orders, version), putAll(others, version)]);
        expect(kept).toEqual([ids.length, ids.length]);
      }
      expect(await others.get(ids[249] ?? "")).toEqual({ orderId: ids[249], version: 2 });
    });

    it("ends at the highest version, in whatever order they come and how many at once", async () => {
      const versions = array(integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 });
      await assert(
        asyncProperty(versions, async (arriving) => {
          const id = newId();
          const put = (version: number) =>
            orders.putIfNewer([{ id, version, document: { orderId: id, version } }]);
          await Promise.all(arriving.map(put));
          expect(await orders.get(id)).toEqual({ orderId: id, version: Math.max(...arriving) });
        }),
        { numRuns: 20 },
      );
    });
  });

  describe(`${kind}: documents`, () => {
    const at = (second: number) => `2026-11-22T12:00:${String(second).padStart(2, "0")}.000Z`;
    const priceOf = (ticker: string, second: number): Price => ({
      ticker,
      price: second,
      created_at: at(second),
    });

    it("are inserted once, and those that are there are left", async () => {
      const first = new Map([
        ["x1", priceOf("ONCE3", 1)],
        ["x2", priceOf("ONCE3", 2)],
      ]);
      const second = new Map([
        ["x2", priceOf("ONCE3", 9)],
        ["x3", priceOf("ONCE3", 3)],
      ]);
      expect(await prices.insertMany(first)).toBe(2);
      expect(await prices.insertMany(second)).toBe(1);
      expect(await prices.insertMany(new Map())).toBe(0);
      expect(await prices.get("x2")).toEqual(priceOf("ONCE3", 2));
      expect(await prices.count({ equal: { ticker: "ONCE3" } })).toBe(3);
    });

    it("are found by field and time, newest first, page by page without a gap or a repeat", async () => {
      const history = Array.from({ length: 40 }, (_, index) => priceOf("PETR4", index));
      // Half of them share a time with another: the id decides.
      const twins = history.slice(0, 20).map((price) => ({ ...price, volume: 7 }));
      const all = [...history, ...twins];
      await prices.insertMany(
        new Map(all.map((price, index) => [`p${String(index).padStart(3, "0")}`, price])),
      );
      await prices.insertMany(new Map([["v1", priceOf("VALE3", 1)]]));
      const filter = {
        equal: { ticker: "PETR4" },
        range: { field: "created_at", from: at(5), before: at(35) },
      };
      const sort = { field: "created_at", direction: "descending" } as const;
      const pages: Price[][] = [];
      for (let offset = 0; offset < 50; offset += 10) {
        pages.push(await prices.find({ ...filter, sort, limit: 10, offset }));
      }
      const expected = all.filter(({ created_at }) => created_at >= at(5) && created_at < at(35));
      expect(pages.flat()).toHaveLength(expected.length);
      expect(pages.flat().map(({ created_at }) => created_at)).toEqual(
        expected
          .map(({ created_at }) => created_at)
          .sort()
          .reverse(),
      );
      expect(new Set(pages.flat().map((price) => JSON.stringify(price))).size).toBe(expected.length);
      expect(await prices.count(filter)).toBe(expected.length);
      expect(await prices.find({ ...filter, limit: 1, sort: { ...sort, direction: "ascending" } })).toEqual([
        priceOf("PETR4", 5),
      ]);
    });

    it("are deleted by time, for a history that must not grow for ever", async () => {
      await prices.insertMany(new Map([1, 2, 3].map((second) => [`d${second}`, priceOf("OLD3", second)])));
      const old = { equal: { ticker: "OLD3" }, range: { field: "created_at", before: at(3) } };
      expect(await prices.deleteMany(old)).toBe(2);
      expect(await prices.find({ equal: { ticker: "OLD3" }, limit: 10 })).toEqual([priceOf("OLD3", 3)]);
    });

    it("come back as JSON has them, with ids and text told apart by their bytes", async () => {
      const odd = await store.collection<object>("odd", []);
      const document = {
        text: "R$ \u{1F680} á '\";--\\ \r\n \u0000 end",
        numbers: [0, -1, 0.1, 1e21, 5e-324, Number.MAX_SAFE_INTEGER],
        nested: { list: [{}, null, true, false], none: [] },
        nothing: null,
        empty: "",
      };
      for (const id of ["a", "A", "á", "a\u0301", "a "])
        await odd.putIfNewer([{ id, version: 1, document: { ...document, id } }]);
      for (const id of ["a", "A", "á", "a\u0301", "a "]) {
        expect(await odd.get(id)).toEqual({ ...document, id });
        expect(await odd.find({ equal: { id }, limit: 10 })).toEqual([{ ...document, id }]);
      }
    });

    it("carry money exactly", async () => {
      const money = await store.collection<{ amount: number }>("money", [["amount"]]);
      await assert(
        asyncProperty(integer({ min: -amountLimit, max: amountLimit }), async (count) => {
          const id = newId();
          const amount = toPayload(toMoney(count));
          await money.putIfNewer([{ id, version: 1, document: { amount } }]);
          expect(parseMoney((await money.get(id))?.amount)).toBe(count);
          expect(await money.count({ equal: { amount } })).toBeGreaterThanOrEqual(1);
        }),
        { numRuns: 20 },
      );
    });

    it("refuse names and pages that are none", async () => {
      await expect(store.collection("a b", [])).rejects.toThrow(RangeError);
      await expect(store.collection("c", [["a'b"]])).rejects.toThrow(RangeError);
      await expect(prices.find({ equal: { $where: "1" }, limit: 1 })).rejects.toThrow(RangeError);
      await expect(prices.find({ limit: 0 })).rejects.toThrow(RangeError);
      await expect(prices.find({ limit: 1_001 })).rejects.toThrow(RangeError);
    });

    it("are there for another that opens the store", async () => {
      const id = newId();
      await orders.putIfNewer([{ id, version: 1, document: { orderId: id, version: 1 } }]);
      const other = await openDocuments(settings());
      const same = await other.collection<Snapshot>("orders", []);
      expect(await same.get(id)).toEqual({ orderId: id, version: 1 });
      await other.ping();
      await other.close();
    });
  });
}
