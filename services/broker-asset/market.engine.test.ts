import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { MarketDataEvent, marketPriceKey } from "../../contracts/messages.js";
import { type Cache, openCache } from "../../kit/cache/cache.js";
import { type DocumentStore, openDocuments } from "../../kit/documents/documents.js";
import { quotedInstruments } from "../../kit/instruments.js";
import {
  type EngineStores,
  type ServerAddress,
  startEngineStores,
} from "../../test/contract/stores/engine-stores.js";
import { makeStoreFolder, startService } from "../../test/support/domain-service.js";
import { call, type Identity, startIdentity } from "../../test/support/identity-service.js";
import { startTestKafka } from "../../test/support/kafka-broker.js";
import { createTestContext } from "../../test/support/link-context.js";
import { brokerMarketData } from "../broker-market-data/main.js";
import { openKafkaLink } from "../shared/messaging/kafka-link.js";
import type { RunningService } from "../shared/service.js";
import { brokerAsset } from "./main.js";

const waiting = { timeout: 60_000, interval: 100 };
const closers: (() => Promise<unknown>)[] = [];
const records: MarketDataEvent[] = [];
let stores: EngineStores;
let identity: Identity;
let asset: RunningService;
let cache: Cache;
let documents: DocumentStore;

beforeAll(async () => {
  stores = await startEngineStores();
  const folder = await makeStoreFolder();
  const kafka = await startTestKafka();
  identity = await startIdentity(folder.path);
  closers.push(() => stores.remove(), folder.remove, kafka.close, identity.close);
  await startServices(kafka.address);
  cache = await openCache({ kind: "redis", ...stores.redis });
  documents = await openDocuments({ kind: "mongodb", ...stores.mongodb, database: "market_data" });
  const link = openKafkaLink({ ...createTestContext("reader"), brokers: [kafka.address] });
  link.consume({
    groupId: "reader",
    topics: { "trading-assets-market-data-v1": MarketDataEvent },
    handle: async (batch) => void records.push(...batch.map(({ value }) => value)),
    probe: async () => {},
  });
  closers.push(
    () => cache.close(),
    () => documents.close(),
    () => link.close(),
  );
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

async function startServices(kafkaAddress: string) {
  const { mysql, mongodb, redis } = stores;
  if (mysql.kind !== "mysql") throw new Error("no MySQL");
  const urlOf = (scheme: string, { host, port }: Pick<ServerAddress, "host" | "port">) =>
    `${scheme}://${host}:${port}`;
  const common = { KAFKA_BROKERS: kafkaAddress, IDENTITY_URL: identity.url, QUOTE_INTERVAL: "1" };
  const redisEnv = { CACHE_URL: urlOf("redis", redis), CACHE_PASSWORD: redis.password };
  asset = await startService(brokerAsset, {
    ...common,
    ...redisEnv,
    DATABASE_URL: `${urlOf("mysql", mysql)}/${mysql.database}`,
    DATABASE_USER: mysql.user,
    DATABASE_PASSWORD: mysql.password,
  });
  const marketData = await startService(brokerMarketData, {
    ...common,
    MONGODB_URL: `${urlOf("mongodb", mongodb)}/market_data`,
    MONGODB_USER: mongodb.user,
    MONGODB_PASSWORD: mongodb.password,
  });
  closers.push(
    () => asset.close(),
    () => marketData.close(),
  );
}

async function get(path: string) {
  const answer = await call(asset, { method: "GET", path, token: identity.token });
  return answer as { status: number; body: Record<string, unknown> };
}

const idOf = ({ ticker, updated_at }: MarketDataEvent) => `${ticker}:${updated_at}`;
const keys = quotedInstruments.map(({ ticker }) => marketPriceKey(ticker));

describe("assets and prices on MySQL, Redis and MongoDB", () => {
  it("are there, fresh, and the same everywhere", async () => {
    await vi.waitFor(async () => expect((await cache.getMany(keys)).size).toBe(50), waiting);
    const { items } = (await get("/api/v1/assets")).body as { items: unknown[] };
    expect(items).toHaveLength(90);
    const { status, body } = await get("/api/v1/assets/PETR4F/price");
    expect([status, body.stale]).toEqual([200, false]);
    const history = await documents.collection<MarketDataEvent>("price_history", []);
    const kept = await history.get(`PETR4:${body.updatedAt}`);
    expect(kept).toMatchObject({ price: body.price, short_name: "PETROBRAS PN" });
    expect((await get("/health/ready")).status).toBe(200);
  });

  it("are answered at once while all servers stand still, and made good afterwards", async () => {
    await stores.pause();
    const before = records.length;
    await vi.waitFor(() => expect(records.length).toBeGreaterThanOrEqual(before + 250), waiting);
    const began = performance.now();
    expect((await get("/api/v1/assets/PETR4")).status).toBe(200);
    expect((await get("/api/v1/assets/PETR4/price")).body).toMatchObject({ stale: false });
    expect(performance.now() - began).toBeLessThan(1_500);
    const { dependencies } = (await get("/health/ready")).body as { dependencies: { ok: boolean }[] };
    expect(dependencies.map(({ ok }) => ok)).toEqual([false, false, true]);
    const told = [...records];
    await stores.unpause();
    const history = await documents.collection<MarketDataEvent>("price_history", []);
    await vi.waitFor(async () => {
      for (const event of told.slice(before)) expect(await history.get(idOf(event))).toBeDefined();
      expect((await get("/health/ready")).status).toBe(200);
    }, waiting);
    await vi.waitFor(async () => {
      const { price, stale } = (await get("/api/v1/assets/PETR4/price")).body;
      expect(stale).toBe(false);
      expect(await cache.get(marketPriceKey("PETR4"))).toBe(String(price));
    }, waiting);
  });
});
