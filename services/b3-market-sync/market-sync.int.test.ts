import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MarketPrice, marketPriceKey } from "../../contracts/messages.js";
import { type Cache, openCache } from "../../kit/cache/cache.js";
import { quotedInstruments } from "../../kit/instruments.js";
import { switchSqliteFile } from "../../kit/sql/sqlite-file.js";
import { makeStoreFolder, startService } from "../../test/support/domain-service.js";
import { call, type Identity, startIdentity } from "../../test/support/identity-service.js";
import type { RunningService } from "../shared/service.js";
import { compile } from "../shared/validate.js";
import { b3MarketSync } from "./main.js";

const waiting = { timeout: 10_000, interval: 50 };
const keys = quotedInstruments.map(({ ticker }) => marketPriceKey(ticker));
let folder: Awaited<ReturnType<typeof makeStoreFolder>>;
let identity: Identity;
let cacheFile: string;
let cache: Cache;
let service: RunningService | undefined;

beforeEach(async () => {
  folder = await makeStoreFolder();
  identity = await startIdentity(folder.path);
  cacheFile = `${folder.path}/cache.sqlite`;
  cache = await openCache({ kind: "sqlite", path: cacheFile });
});
afterEach(async () => {
  switchSqliteFile(cacheFile, true);
  await service?.close();
  service = undefined;
  await cache.close();
  await identity.close();
  await folder.remove();
});

async function start(env: Record<string, string> = {}) {
  const own = { CACHE_URL: `sqlite://${cacheFile}`, IDENTITY_URL: identity.url, QUOTE_INTERVAL: "1" };
  service = await startService(b3MarketSync, { ...own, ...env });
  return service;
}

async function get(path: string, token: string | undefined = identity.token) {
  if (service === undefined) throw new Error("not started");
  const answer = await call(service, { method: "GET", path, ...(token === "" ? {} : { token }) });
  return answer as { status: number; body: never };
}

describe("b3-market-sync", () => {
  it("writes every price into the cache as the contract says, without an end, and renews it", async () => {
    await start();
    const check = compile(MarketPrice);
    const readTime = async () => {
      const prices = [...(await cache.getMany(keys)).values()].map((text) => check(JSON.parse(text)));
      expect(prices).toHaveLength(50);
      expect(prices.filter(({ ok }) => !ok)).toEqual([]);
      const first = prices[0];
      return first?.ok ? Date.parse(first.value.regularMarketTime) : 0;
    };
    const time = await vi.waitFor(readTime, waiting);
    await vi.waitFor(async () => expect(await readTime()).toBeGreaterThan(time), waiting);
  });

  it("answers a user's question for all quotes, for one, and for an odd-lot book's", async () => {
    await start({ QUOTE_INTERVAL: "3600" });
    const { status, body } = await get("/quotes");
    const { items } = body as { items: { ticker: string; price: number }[] };
    expect([status, items.length]).toEqual([200, 50]);
    const share = items.find(({ ticker }) => ticker === "B3SA3");
    expect(await get("/quotes/B3SA3")).toEqual({ status: 200, body: share });
    expect((await get("/quotes/B3SA3F")).body).toEqual({ ...share, ticker: "B3SA3F" });
    expect(await get("/quotes/NADA3")).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });
    expect(await get("/quotes", "")).toMatchObject({ status: 401 });
  });

  it("answers without its cache, says that it is away, and fills it when it is back", async () => {
    switchSqliteFile(cacheFile, false);
    await start();
    expect((await get("/quotes")).status).toBe(200);
    expect(await get("/health/live")).toMatchObject({ status: 200 });
    expect(await get("/health/ready")).toMatchObject({
      status: 503,
      body: { dependencies: [{ name: "b3-market-cache", ok: false }] },
    });
    switchSqliteFile(cacheFile, true);
    await vi.waitFor(async () => expect((await cache.getMany(keys)).size).toBe(50), waiting);
    expect((await get("/health/ready")).status).toBe(200);
  });

  it("has the earlier prices when it starts and its source is silent, whatever else is in the cache", async () => {
    const price = { regularMarketPrice: 38.51, regularMarketChangePercent: -0.5 };
    const petr4 = { ticker: "PETR4", ...price, regularMarketTime: "2026-05-04T15:00:00.000Z" };
    await cache.set(marketPriceKey("PETR4"), JSON.stringify(petr4));
    await cache.set(marketPriceKey("VALE3"), "no JSON");
    await cache.set(marketPriceKey("ITUB4"), "null");
    await start({ QUOTE_SOURCE: "brapi", BRAPI_TOKEN: "not-a-secret", BRAPI_URL: "http://127.0.0.1:1" });
    const time = "2026-05-04T15:00:00.000Z";
    const items = [{ ticker: "PETR4", price: 38.51, changePercent: -0.5, time }];
    await vi.waitFor(async () => expect((await get("/quotes")).body).toEqual({ items, next: null }), waiting);
  });

  it("refuses to start with settings that are wrong, naming each", async () => {
    const wrong = { QUOTE_SOURCE: "brapi", CACHE_URL: "", QUOTE_INTERVAL: "5" };
    await expect(start(wrong)).rejects.toMatchObject({
      code: "SETTING",
      message: expect.stringMatching(/CACHE_URL.*BRAPI_TOKEN/),
    });
  });
});
