import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { marketPriceKey } from "../../contracts/messages.js";
import type { Asset } from "../../contracts/rest.js";
import { type Cache, openCache } from "../../kit/cache/cache.js";
import { openDatabase } from "../../kit/sql/database.js";
import { switchSqliteFile } from "../../kit/sql/sqlite-file.js";
import { makeStoreFolder, startService } from "../../test/support/domain-service.js";
import { call, startIdentity } from "../../test/support/identity-service.js";
import { startTestKafka } from "../../test/support/kafka-broker.js";
import { createTestContext } from "../../test/support/link-context.js";
import { type KafkaLink, openKafkaLink } from "../shared/messaging/kafka-link.js";
import type { RunningService } from "../shared/service.js";
import { brokerAsset } from "./main.js";

const topic = "trading-assets-market-data-v1";
const waiting = { timeout: 15_000, interval: 30 };
const closers: (() => Promise<unknown>)[] = [];
let files: { cache: string; database: string };
let env: Record<string, string>;
let token: string;
let kafka: KafkaLink;
let cache: Cache;
let service: RunningService;
let sent = 0;

beforeEach(async () => {
  const folder = await makeStoreFolder();
  const broker = await startTestKafka();
  const identity = await startIdentity(folder.path);
  token = identity.token;
  files = { cache: `${folder.path}/cache.sqlite`, database: `${folder.path}/asset.sqlite` };
  env = {
    DATABASE_URL: `sqlite://${files.database}`,
    CACHE_URL: `sqlite://${files.cache}`,
    KAFKA_BROKERS: broker.address,
    IDENTITY_URL: identity.url,
  };
  kafka = openKafkaLink({ ...createTestContext("test"), brokers: [broker.address] });
  cache = await openCache({ kind: "sqlite", path: files.cache });
  closers.push(
    folder.remove,
    broker.close,
    identity.close,
    () => kafka.close(),
    () => cache.close(),
  );
  await kafka.ensureTopics([topic]);
});
afterEach(async () => {
  switchSqliteFile(files.cache, true);
  switchSqliteFile(files.database, true);
  await service.close();
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(lines: string[] = []) {
  service = await startService(brokerAsset, env, lines);
}

async function get(path: string, as = token) {
  const answer = await call(service, { method: "GET", path, ...(as === "" ? {} : { token: as }) });
  return answer as { status: number; body: Record<string, unknown> };
}

const getPrice = (ticker: string) => get(`/api/v1/assets/${ticker}/price`);

/** Records as a market-data service sends them, to the ticker's partition. */
async function tell(ticker: string, price: unknown, updated_at = new Date().toISOString()) {
  const value = { ticker, name: ticker, short_name: ticker, price, volume: 0, updated_at };
  await kafka.send(topic, [{ key: ticker, value, messageId: `m-${++sent}` }]);
  return value;
}

async function expectPrice(ticker: string, price: number) {
  await vi.waitFor(async () => expect((await getPrice(ticker)).body).toMatchObject({ price }), waiting);
}

async function runSql(statement: string) {
  const database = await openDatabase<Record<string, never>>({ kind: "sqlite", path: files.database });
  await sql.raw(statement).execute(database.db);
  await database.close();
}

describe("assets", () => {
  it("are those that can be traded, and the odd-lot books of the shares", async () => {
    await start();
    const { status, body } = await get("/api/v1/assets");
    const items = body.items as Asset[];
    expect([status, items.length, body.next]).toEqual([200, 90, null]);
    const petr4 = { ticker: "PETR4", name: "PETROBRAS PN", kind: "SHARE", lotSize: 100, tick: 0.01 };
    expect(await get("/api/v1/assets/PETR4")).toEqual({ status: 200, body: { ...petr4, status: "ACTIVE" } });
    expect((await get("/api/v1/assets/PETR4F")).body).toMatchObject({ ticker: "PETR4F", lotSize: 1 });
    for (const unknown of ["NADA3", "MXRF11F", "petr4", "x".repeat(90), "%00"]) {
      const answer = await get(`/api/v1/assets/${unknown}`);
      expect(answer, unknown).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });
    }
    for (const path of ["", "/PETR4", "/PETR4/price"]) {
      expect((await get(`/api/v1/assets${path}`, "")).status).toBe(401);
    }
  });

  it("have the status that somebody gives them, within seconds and after the next start", async () => {
    await start();
    expect((await get("/api/v1/assets/VALE3")).body).toMatchObject({ status: "ACTIVE" });
    await runSql("update assets set status = 'INACTIVE', name = 'OLD NAME' where ticker = 'VALE3'");
    const inactive = { status: "INACTIVE" };
    await vi.waitFor(async () => {
      expect((await get("/api/v1/assets/VALE3F")).body).toMatchObject(inactive);
    }, waiting);
    await service.close();
    await start();
    expect((await get("/api/v1/assets/VALE3")).body).toMatchObject({ ...inactive, name: "VALE ON" });
  });

  it("are still told when the database is away, and told as soon as it is there", async () => {
    switchSqliteFile(files.database, false);
    await start();
    expect(await get("/api/v1/assets/PETR4")).toMatchObject({
      status: 503,
      body: { code: "CATALOGUE_UNAVAILABLE" },
    });
    switchSqliteFile(files.database, true);
    await vi.waitFor(async () => expect((await get("/api/v1/assets/PETR4")).status).toBe(200), waiting);
    switchSqliteFile(files.database, false);
    expect((await get("/api/v1/assets/PETR4")).status).toBe(200);
    expect(await get("/health/ready")).toMatchObject({
      status: 503,
      body: { dependencies: [{ name: "broker-asset-db", ok: false }, { ok: true }, { ok: true }] },
    });
  });
});

describe("prices", () => {
  it("come from the market's topic into the cache and the database", async () => {
    await start();
    expect(await getPrice("PETR4")).toMatchObject({ status: 404, body: { code: "NO_PRICE" } });
    const { updated_at: updatedAt } = await tell("PETR4", 38.51);
    await expectPrice("PETR4", 38.51);
    const body = { ticker: "PETR4", price: 38.51, updatedAt, stale: false };
    expect(await getPrice("PETR4")).toEqual({ status: 200, body });
    expect((await getPrice("PETR4F")).body).toEqual({ ...body, ticker: "PETR4F" });
    expect(await cache.get(marketPriceKey("PETR4"))).toBe("38.51");
    await service.close();
    await cache.delete(marketPriceKey("PETR4"));
    await start();
    await vi.waitFor(async () => expect(await getPrice("PETR4")).toEqual({ status: 200, body }), waiting);
  });

  it("are taken from the cache first, unless what is there is no price", async () => {
    await start();
    await tell("PETR4", 38.51);
    await expectPrice("PETR4", 38.51);
    await cache.set(marketPriceKey("PETR4"), "40.1");
    expect((await getPrice("PETR4")).body).toMatchObject({ price: 40.1 });
    for (const text of ["", "free", "-1", "0", "1e9", "38.12345"]) {
      await cache.set(marketPriceKey("PETR4"), text);
      expect((await getPrice("PETR4")).body, text).toMatchObject({ price: 38.51 });
    }
    await cache.set(marketPriceKey("VALE3"), "61.8");
    expect((await getPrice("VALE3")).body).toMatchObject({ price: 61.8, stale: true });
  });

  it("stay when the cache is away, and the cache is not believed before it has them again", async () => {
    const lines: string[] = [];
    await start(lines);
    await tell("PETR4", 38.51);
    await tell("VALE3", 61.8);
    await expectPrice("VALE3", 61.8);
    await expectPrice("PETR4", 38.51);
    switchSqliteFile(files.cache, false);
    await expectPrice("PETR4", 38.51);
    await tell("PETR4", 38.6);
    await expectPrice("PETR4", 38.6);
    switchSqliteFile(files.cache, true);
    expect(await cache.get(marketPriceKey("PETR4"))).toBe("38.51");
    expect((await getPrice("PETR4")).body).toMatchObject({ price: 38.6 });
    await tell("VALE3", 61.9);
    await vi.waitFor(async () => expect(await cache.get(marketPriceKey("PETR4"))).toBe("38.6"), waiting);
    await vi.waitFor(() => expect(lines.join()).toContain("broker-asset-cache is back"), waiting);
    expect(lines.filter((line) => line.includes("broker-asset-cache is away"))).toHaveLength(1);
  });

  it("go on without the database, which gets them when it is back", async () => {
    await start();
    await tell("PETR4", 38.51);
    await expectPrice("PETR4", 38.51);
    switchSqliteFile(files.database, false);
    await tell("PETR4", 38.7);
    await expectPrice("PETR4", 38.7);
    switchSqliteFile(files.database, true);
    await tell("VALE3", 61.8);
    await expectPrice("VALE3", 61.8);
    await service.close();
    for (const ticker of ["PETR4", "VALE3"]) await cache.delete(marketPriceKey(ticker));
    await start();
    await expectPrice("PETR4", 38.7);
  });

  it("are the newest, and stale when they are old, whatever a sender's clock says", async () => {
    await start();
    const longAgo = new Date(Date.now() - 60_000).toISOString();
    await tell("PETR4", 38.1, longAgo);
    await expectPrice("PETR4", 38.1);
    expect((await getPrice("PETR4")).body).toMatchObject({ stale: true, updatedAt: longAgo });
    await tell("PETR4", 38.2);
    await tell("PETR4", 1, longAgo);
    await tell("PETR4", 1, "0001-01-01T00:00:00.000Z");
    await tell("PETR3", 41.2);
    await expectPrice("PETR3", 41.2);
    await expectPrice("PETR4", 38.2);
    await tell("PETR4", 38.3, "9999-12-31T23:59:59.000Z");
    await expectPrice("PETR4", 38.3);
    await tell("PETR4", 38.4);
    await expectPrice("PETR4", 38.4);
    expect((await getPrice("PETR4")).body).toMatchObject({ stale: false });
  });

  it("go on after what can never be one, which is put aside with its reason", async () => {
    const lines: string[] = [];
    await start(lines);
    for (const price of [38.12345, -1, "38.5", null]) await tell("PETR4", price);
    await tell("PETR4", 38.51);
    await expectPrice("PETR4", 38.51);
    const reasons = new Set(lines.filter((line) => line.includes("dead letter")));
    expect(reasons.size, lines.join("\n")).toBe(4);
  });
});
