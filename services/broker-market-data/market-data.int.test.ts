import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MarketDataEvent, MarketPrice, marketPriceKey } from "../../contracts/messages.js";
import { openCache } from "../../kit/cache/cache.js";
import { openDocuments } from "../../kit/documents/documents.js";
import { createKafka } from "../../kit/kafka.js";
import { switchSqliteFile } from "../../kit/sql/sqlite-file.js";
import { makeStoreFolder, startService } from "../../test/support/domain-service.js";
import { call, startIdentity } from "../../test/support/identity-service.js";
import { startTestKafka } from "../../test/support/kafka-broker.js";
import { createTestContext } from "../../test/support/link-context.js";
import { b3MarketSync } from "../b3-market-sync/main.js";
import { openKafkaLink } from "../shared/messaging/kafka-link.js";
import { compile } from "../shared/validate.js";
import { brokerMarketData } from "./main.js";

const topic = "trading-assets-market-data-v1";
const waiting = { timeout: 15_000, interval: 50 };
const closers: (() => Promise<unknown> | unknown)[] = [];
let kafka: Awaited<ReturnType<typeof startTestKafka>>;
let folder: Awaited<ReturnType<typeof makeStoreFolder>>;
let mongoFile: string;

beforeEach(async () => {
  folder = await makeStoreFolder();
  kafka = await startTestKafka();
  mongoFile = `${folder.path}/mongo.sqlite`;
  closers.push(folder.remove, kafka.close);
});
afterEach(async () => {
  switchSqliteFile(mongoFile, true);
  for (const close of closers.splice(0).reverse()) await close();
});

async function startMarketData(lines: string[] = []) {
  const env = { MONGODB_URL: `sqlite://${mongoFile}`, KAFKA_BROKERS: kafka.address, QUOTE_INTERVAL: "1" };
  const service = await startService(brokerMarketData, env, lines);
  closers.push(service.close);
  return service;
}

/** All that the topic has had. */
function listen() {
  const context = createTestContext("reader");
  const link = openKafkaLink({ ...context, brokers: [kafka.address] });
  const records: { key: string; value: MarketDataEvent; headers: Readonly<Record<string, string>> }[] = [];
  link.consume({
    groupId: "reader",
    topics: { [topic]: MarketDataEvent },
    handle: async (batch) => void records.push(...batch),
    probe: async () => {},
  });
  closers.push(() => link.close());
  return records;
}

async function openHistory() {
  const store = await openDocuments({ kind: "sqlite", path: mongoFile });
  closers.push(() => store.close());
  return store.collection<MarketDataEvent & { created_at: string }>("price_history", []);
}

const idOf = ({ ticker, updated_at }: MarketDataEvent) => `${ticker}:${updated_at}`;

describe("broker-market-data", () => {
  it("creates its topic and tells every price, keyed by ticker, as the contract says", async () => {
    await startMarketData();
    const records = listen();
    await vi.waitFor(() => expect(records.length).toBeGreaterThanOrEqual(100), waiting);
    const check = compile(MarketDataEvent);
    for (const { key, value, headers } of records) {
      expect(check(value)).toMatchObject({ ok: true });
      expect(key).toBe(value.ticker);
      expect(headers).toMatchObject({
        "message-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
        traceparent: expect.stringMatching(/^00-/),
      });
    }
    expect(new Set(records.map(({ key }) => key)).size).toBe(50);
    const client = await createKafka({
      ...{ clientId: "test", brokers: [kafka.address] },
      ...{ timeoutMs: 5_000, retries: 0 },
    });
    const admin = client.admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    await admin.disconnect();
    expect(topics[0]?.partitions).toHaveLength(3);
  });

  it("keeps in price_history what it tells Kafka", async () => {
    await startMarketData();
    const records = listen();
    await vi.waitFor(() => expect(records.length).toBeGreaterThanOrEqual(50), waiting);
    const history = await openHistory();
    await vi.waitFor(async () => expect(await history.count()).toBeGreaterThanOrEqual(50), waiting);
    const value = records[0]?.value as MarketDataEvent;
    const kept = await history.get(idOf(value));
    expect(kept).toEqual({ ...value, created_at: expect.stringMatching(/Z$/) });
  });

  it("goes on to Kafka without MongoDB, and makes its history good afterwards", async () => {
    const lines: string[] = [];
    const service = await startMarketData(lines);
    const records = listen();
    const history = await openHistory();
    await vi.waitFor(async () => expect(await history.count()).toBeGreaterThanOrEqual(50), waiting);
    switchSqliteFile(mongoFile, false);
    const before = records.length;
    await vi.waitFor(() => expect(records.length).toBeGreaterThanOrEqual(before + 150), waiting);
    expect((await call(service, { method: "GET", path: "/health/ready" })).body).toMatchObject({
      status: "not-ready",
      dependencies: [
        { name: "broker-mongodb", ok: false },
        { name: "kafka", ok: true },
      ],
    });
    const told = [...records];
    switchSqliteFile(mongoFile, true);
    await vi.waitFor(() => expect(lines.join()).toContain("takes quotes again"), waiting);
    for (const { value } of told) expect(await history.get(idOf(value)), idOf(value)).toBeDefined();
    expect(lines.filter((line) => line.includes("quotes wait for broker-mongodb"))).toHaveLength(1);
  });

  it("goes on to MongoDB without Kafka, and tells Kafka afterwards", async () => {
    await kafka.stop();
    const service = await startMarketData();
    const history = await openHistory();
    await vi.waitFor(async () => expect(await history.count()).toBeGreaterThanOrEqual(150), waiting);
    const ready = await call(service, { method: "GET", path: "/health/ready" });
    expect(ready.body).toMatchObject({ dependencies: [{ ok: true }, { name: "kafka", ok: false }] });
    const missed = await history.find({ limit: 150 });
    await kafka.start();
    const records = listen();
    await vi.waitFor(() => {
      const told = new Set(records.map(({ value }) => idOf(value)));
      expect(missed.filter((event) => !told.has(idOf(event)))).toEqual([]);
    }, waiting);
  });
});

describe("both sides", () => {
  it("have the same price for the same interval, each from its own calculation", async () => {
    const identity = await startIdentity(folder.path);
    const cacheFile = `${folder.path}/cache.sqlite`;
    const env = { CACHE_URL: `sqlite://${cacheFile}`, IDENTITY_URL: identity.url, QUOTE_INTERVAL: "1" };
    const sync = await startService(b3MarketSync, env);
    const cache = await openCache({ kind: "sqlite", path: cacheFile });
    closers.push(identity.close, () => cache.close(), sync.close);
    await startMarketData();
    const records = listen();
    const check = compile(MarketPrice);
    const compared = new Set<string>();
    await vi.waitFor(async () => {
      for (const { value } of records.slice(-150)) {
        const text = await cache.get(marketPriceKey(value.ticker));
        const price = check(JSON.parse(text ?? "null"));
        if (!price.ok) throw new Error(price.reason);
        if (price.value.regularMarketTime !== value.updated_at) continue;
        expect(price.value.regularMarketPrice, idOf(value)).toBe(value.price);
        compared.add(idOf(value));
      }
      expect(compared.size).toBeGreaterThanOrEqual(100);
    }, waiting);
  });
});
