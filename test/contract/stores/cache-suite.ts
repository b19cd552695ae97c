import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cache, type CacheSettings, openCache } from "../../../kit/cache/cache.js";

/** What both kinds of cache must do alike; `settings` is read once the server runs. */
export function describeCache(kind: string, settings: () => CacheSettings): void {
  let cache: Cache;
  beforeAll(async () => {
    cache = await openCache(settings());
  });
  afterAll(() => cache.close());

  describe(`${kind}: cache`, () => {
    it("gives what was set last, and nothing for what never was", async () => {
      await cache.set("market:price:PETR4", '{"regularMarketPrice":38.5}');
      await cache.set("market:price:PETR4", '{"regularMarketPrice":38.51}');
      expect(await cache.get("market:price:PETR4")).toBe('{"regularMarketPrice":38.51}');
      expect(await cache.get("market:price:VALE3")).toBeUndefined();
      await cache.ping();
    });

    it("keeps what another that opens it reads", async () => {
      await cache.set("kept", "yes");
      const other = await openCache(settings());
      expect(await other.get("kept")).toBe("yes");
      await other.close();
    });

    it("tells keys apart by their bytes and keeps any text", async () => {
      const entries = new Map([
        ["a", ""],
        ["A", " "],
        ["á", "R$ \u{1F680}\r\n"],
        ["a\u0301", "'\";--\\"],
        ["a ", "x".repeat(200_000)],
      ]);
      await cache.setMany(entries);
      expect(await cache.getMany([...entries.keys()])).toEqual(entries);
    });

    it("leaves the keys that are there when it sets what is missing", async () => {
      await cache.set("there", "first");
      await cache.setMissing(
        new Map([
          ["there", "second"],
          ["new", "second"],
        ]),
      );
      expect([await cache.get("there"), await cache.get("new")]).toEqual(["first", "second"]);
    });

    it("sets and gets many, of which some are missing", async () => {
      const prices = new Map(Array.from({ length: 1_200 }, (_, index) => [`many:${index}`, String(index)]));
      await cache.setMany(prices);
      expect(await cache.getMany([...prices.keys(), "many:none"])).toEqual(prices);
      expect(await cache.getMany([])).toEqual(new Map());
      await cache.setMany(new Map());
    });

    it("deletes one, and what is not there", async () => {
      await cache.set("gone", "1");
      await cache.delete("gone");
      await cache.delete("gone");
      expect(await cache.get("gone")).toBeUndefined();
    });

    it("lets go what expires, and keeps what was set again without an end", async () => {
      await cache.setMany(
        new Map([
          ["short", "1"],
          ["again", "1"],
        ]),
        { ttlMs: 200 },
      );
      await cache.set("long", "1", { ttlMs: 3_600_000 });
      await cache.set("again", "2");
      expect(await cache.get("long")).toBe("1");
      await expect.poll(() => cache.get("short"), { timeout: 10_000 }).toBeUndefined();
      expect(await cache.getMany(["again", "short", "long"])).toEqual(
        new Map([
          ["again", "2"],
          ["long", "1"],
        ]),
      );
    });

    it.each([0, -1, 1.5, Number.NaN])("refuses a time to live of %s", async (ttlMs) => {
      await expect(cache.set("bad", "1", { ttlMs })).rejects.toThrow(RangeError);
      expect(await cache.get("bad")).toBeUndefined();
    });
  });
}
