import Type from "typebox";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { messageHeaders } from "../../contracts/message-headers.js";
import { marketPriceKey, ResultMessage } from "../../contracts/messages.js";
import { Book, Execution, pageOf } from "../../contracts/rest.js";
import { ordersExchange, toBroker, toExchange } from "../../contracts/topology.js";
import { type Cache, openCache } from "../../kit/cache/cache.js";
import { switchSqliteFile } from "../../kit/sql/sqlite-file.js";
import { startEmbedded } from "../../test/contract/amqp/start-embedded.js";
import { makeStoreFolder, startService } from "../../test/support/domain-service.js";
import { call, type Identity, startIdentity } from "../../test/support/identity-service.js";
import { createTestContext } from "../../test/support/link-context.js";
import { openRabbitmq, type QueueMessage, type RabbitmqLink } from "../shared/messaging/rabbitmq-link.js";
import type { RunningService } from "../shared/service.js";
import { compile } from "../shared/validate.js";
import { b3MatchingEngine } from "./main.js";

const waiting = { timeout: 15_000, interval: 25 };
const traceId = "0af7651916cd43dd8448eb211c80319c";
let folder: Awaited<ReturnType<typeof makeStoreFolder>>;
let identity: Identity;
let broker: Awaited<ReturnType<typeof startEmbedded>>;
let cache: Cache;
let link: RabbitmqLink;
let service: RunningService;
let results: QueueMessage<ResultMessage>[];
let deadLetters: QueueMessage<unknown>[];

const databaseFile = () => `${folder.path}/b3-core-db.sqlite`;
const cacheFile = () => `${folder.path}/b3-market-cache.sqlite`;

async function start(env: Record<string, string> = {}) {
  service = await startService(b3MatchingEngine, {
    DATABASE_URL: `sqlite://${databaseFile()}`,
    CACHE_URL: `sqlite://${cacheFile()}`,
    RABBITMQ_URL: `amqp://${broker.host}:${broker.port}`,
    RABBITMQ_USER: broker.user,
    RABBITMQ_PASSWORD: broker.password,
    IDENTITY_URL: identity.url,
    ...env,
  });
}

function listen<T>(queue: string, schema: Parameters<typeof compile>[0]): QueueMessage<T>[] {
  const found: QueueMessage<T>[] = [];
  link.consume({
    queue,
    schema,
    handle: async (batch) => void found.push(...(batch as QueueMessage<T>[])),
    probe: async () => {},
  });
  return found;
}

beforeEach(async () => {
  folder = await makeStoreFolder();
  [identity, broker] = await Promise.all([startIdentity(folder.path), startEmbedded()]);
  cache = await openCache({ kind: "sqlite", path: cacheFile() });
  link = openRabbitmq(broker, createTestContext("broker"));
  results = listen(toBroker.queue, ResultMessage);
  deadLetters = listen(toExchange.deadLetterQueue, Type.Any());
  await start();
});
afterEach(async () => {
  switchSqliteFile(databaseFile(), true);
  switchSqliteFile(cacheFile(), true);
  await service.close();
  await link.close();
  await cache.close();
  await Promise.all([identity.close(), broker.close()]);
  await folder.remove();
});

const route = { exchange: ordersExchange, routingKey: toExchange.routingKey };
const send = (body: object | string, headers: Record<string, string> = {}) =>
  vi.waitFor(() => link.publish({ ...route, messageId: "m", body, headers }), waiting);
const order = (orderId: string, side: string, more: object = {}) => ({
  ...{ orderId, side, ticker: "PETR4", quantity: 100, price: 38.5 },
  ...more,
});
const told = () =>
  results.map(({ body }) => [body.orderId, body.status, body.reason].filter(Boolean).join(" "));
/** Of each order in its order; orders may overtake each other. */
const byOrder = (texts: string[]) =>
  [...texts].sort((one, other) => String(one.split(" ")[0]).localeCompare(String(other.split(" ")[0])));
const waitFor = (expected: string[]) =>
  vi.waitFor(() => expect(byOrder(told())).toEqual(byOrder(expected)), waiting);
const setPrice = (price: number) =>
  cache.set(
    marketPriceKey("PETR4"),
    JSON.stringify({
      ticker: "PETR4",
      regularMarketPrice: price,
      regularMarketChangePercent: 0,
      regularMarketTime: "2026-11-23T15:00:00.000Z",
    }),
  );
async function get(path: string, token: string = identity.token) {
  const { status, body } = await call(service, { method: "GET", path, ...(token === "" ? {} : { token }) });
  return { status, body: body as Record<string, never> };
}

describe("b3-matching-engine", () => {
  it("matches what the broker sends and tells it, in the trace of the order", async () => {
    await send(order("s", "SELL"));
    await send(order("b", "BUY", { quantity: 200 }), {
      [messageHeaders.traceparent]: `00-${traceId}-b7ad6b7169203331-01`,
    });
    await send({ orderId: "b", action: "CANCEL" });
    await waitFor(["s ACCEPTED", "b ACCEPTED", "b PARTIALLY_FILLED", "s FILLED", "b CANCELLED"]);
    const fill = results.find(({ body }) => body.status === "PARTIALLY_FILLED");
    expect(fill?.body).toMatchObject({
      ...{ executedPrice: 38.5, executionId: "2-1", executedQuantity: 100 },
      ...{ cumQuantity: 100, leavesQuantity: 100, orderSeq: 2 },
    });
    expect(fill?.headers[messageHeaders.traceparent]).toContain(traceId);
    expect(new Set(results.map(({ messageId }) => messageId)).size).toBe(5);
  });

  it("shows executions and books to users only, as the contract says", async () => {
    await setPrice(38.5);
    await send(order("s", "SELL", { price: 38.52, quantity: 500 }));
    await send(order("b", "BUY", { price: 38.52, quantity: 200 }));
    await waitFor(["s ACCEPTED", "b ACCEPTED", "b FILLED", "s PARTIALLY_FILLED"]);
    await vi.waitFor(async () => expect((await get("/book/PETR4")).body.reference).toBe(38.5), waiting);
    const book = (await get("/book/PETR4")).body;
    expect(compile(Book)(book)).toMatchObject({ ok: true });
    expect(book).toMatchObject({
      bids: [{ price: 38.48, quantity: 1_000, orders: 1 }],
      asks: [{ price: 38.52, quantity: 1_300, orders: 2 }],
    });
    const first = (await get("/executions?limit=1")).body;
    expect(compile(pageOf(Execution))(first)).toMatchObject({ ok: true });
    const second = (await get(`/executions?limit=1&cursor=${first.next}`)).body;
    expect([first, second]).toMatchObject([
      { items: [{ executionId: "2-1", orderId: "s", counterOrderId: "b", side: "SELL", price: 38.52 }] },
      { items: [{ executionId: "2-1", orderId: "b", counterOrderId: "s", side: "BUY" }], next: null },
    ]);
    expect((await get("/executions/order/b")).body).toHaveLength(1);
    for (const path of ["/executions", "/executions/order/b", "/book/PETR4"]) {
      expect((await get(path, "")).status).toBe(401);
    }
    for (const path of ["/book/XXXX3", "/executions/order/never"]) expect((await get(path)).status).toBe(404);
    expect(await get("/executions?cursor=x")).toMatchObject({ status: 422, body: { field: "cursor" } });
  });

  it("puts aside what nobody can read, refuses the order in it and goes on", async () => {
    await send("[1]");
    await send(order("no", "BUY", { side: undefined }));
    await send(order("fraction", "BUY", { price: 38.12345 }));
    await send(order("huge", "BUY", { quantity: 10_000_001 }));
    await send({ ...order("x", "BUY"), orderId: "has a space" });
    await send(order("b", "BUY"));
    await waitFor([
      "b ACCEPTED",
      "fraction REJECTED ENGINE_REFUSED",
      "huge REJECTED ENGINE_REFUSED",
      "no REJECTED ENGINE_REFUSED",
    ]);
    await vi.waitFor(() => expect(deadLetters).toHaveLength(5), waiting);
    const reasons = deadLetters.map(({ headers }) => String(headers[messageHeaders.reason]));
    expect(reasons.sort()).toEqual([
      expect.stringContaining("/orderId"),
      expect.stringContaining("/price"),
      expect.stringContaining("/quantity"),
      expect.stringContaining("ticker, side and quantity"),
      expect.stringContaining("must be object"),
    ]);
  });

  it("takes no orders while its database is away, and all of them afterwards", async () => {
    await send(order("s", "SELL"));
    await waitFor(["s ACCEPTED"]);
    switchSqliteFile(databaseFile(), false);
    await send(order("b", "BUY"));
    const isAway = async () => {
      const { status, body } = await get("/health/ready");
      expect(status).toBe(503);
      const away = (body.dependencies as unknown as { name: string; ok: boolean }[]).filter(({ ok }) => !ok);
      expect(away.map(({ name }) => name)).toEqual(["b3-core-db"]);
    };
    await vi.waitFor(isAway, waiting);
    expect((await get("/health/live")).status).toBe(200);
    switchSqliteFile(databaseFile(), true);
    await waitFor(["s ACCEPTED", "b ACCEPTED", "b FILLED", "s FILLED"]);
    await vi.waitFor(async () => expect((await get("/health/ready")).status).toBe(200), waiting);
  });

  it("goes on with the last prices while the cache is away, and says so", async () => {
    await setPrice(38.5);
    await vi.waitFor(async () => expect((await get("/book/PETR4")).body.reference).toBe(38.5), waiting);
    switchSqliteFile(cacheFile(), false);
    expect(await get("/health/ready")).toMatchObject({
      status: 503,
      body: { dependencies: [{ ok: true }, { ok: true }, { name: "b3-market-cache", ok: false }] },
    });
    await send(order("b", "BUY", { price: 39 }));
    await waitFor(["b ACCEPTED", "b FILLED"]);
    expect(results[1]?.body.executedPrice).toBe(38.52);
  });

  it("finds its book again when it is started again, and what came meanwhile", async () => {
    await send(order("s", "SELL"));
    await waitFor(["s ACCEPTED"]);
    await service.close();
    await send(order("b", "BUY"));
    await start();
    await waitFor(["s ACCEPTED", "b ACCEPTED", "b FILLED", "s FILLED"]);
    const { body } = await get("/metrics");
    expect(body).toBeUndefined();
    const text = await (await fetch(`http://${service.address}/metrics`)).text();
    expect(text).toContain('engine_commands_total{kind="NEW"} 1');
    expect(text).toContain("engine_sequence 2");
  });

  it("matches at the reference price in reference mode, and without a provider where that is off", async () => {
    await service.close();
    await start({ LP_ENABLED: "false" });
    await setPrice(38.5);
    await vi.waitFor(async () => expect((await get("/book/PETR4")).body.reference).toBe(38.5), waiting);
    expect((await get("/book/PETR4")).body.asks).toEqual([]);
    await service.close();
    await start({ B3_MATCHING_MODE: "reference" });
    await send(order("b", "BUY", { quantity: 5_000, price: 40 }));
    await waitFor(["b ACCEPTED", "b FILLED"]);
    expect(results[1]?.body).toMatchObject({ executedPrice: 38.5, executedQuantity: 5_000 });
  });

  it("names every setting that is wrong", async () => {
    const wrong = { SESSION: "never", LP_SIZE: "0", B3_MATCHING_MODE: "", RABBITMQ_URL: "" };
    await expect(startService(b3MatchingEngine, wrong)).rejects.toMatchObject({
      code: "SETTING",
      message: expect.stringMatching(/DATABASE_URL.*CACHE_URL.*RABBITMQ_URL.*IDENTITY_URL.*SESSION.*LP_SIZE/),
    });
  });
});
