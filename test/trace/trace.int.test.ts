import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Hop } from "../../cli/trace/hop.js";
import { missingOf, type Trace } from "../../cli/trace/run-trace.js";
import { toDocument } from "../../cli/trace/screen.js";
import { auditStream, ordersExchange, toBroker, toExchange } from "../../contracts/topology.js";
import { Database as Libsql } from "../../kit/drivers/libsql.js";
import { createKafka } from "../../kit/kafka.js";
import { connectRabbitmq } from "../../kit/rabbitmq.js";
import { enter, type Investor, waitForPrices } from "../brokerage/investor.js";
import { type System, startSystem, waitUntilReady } from "../brokerage/start-system.js";
import { validateOutput } from "../support/validate-output.js";
import { traceIn } from "./trace-lab.js";

let system: System;
let investor: Investor;

beforeAll(async () => {
  system = await startSystem();
  await waitUntilReady(system);
  const gateway = system.urls["broker-gateway"];
  investor = await enter(gateway, "trace@mybroker.example", "not-a-secret");
  await waitForPrices(gateway, investor.token);
  await investor.deposit(5_000_000);
}, 30_000);
afterAll(() => system.close());

type Wish = Parameters<Investor["place"]>[0];

async function placeUntil(status: string, order: Wish, key?: string): Promise<string> {
  const { orderId } = (await investor.place(order, key)).body;
  await waitFor(orderId, status);
  return orderId;
}

async function waitFor(orderId: string, status: string): Promise<void> {
  const isThere = async () => (await investor.order(orderId)).status === status;
  await vi.waitUntil(isThere, { timeout: 15_000, interval: 20 });
}

/** The steps without numbers, which are the market's. */
function stepsOf({ hops }: Trace): string[] {
  return hops.map(({ step, what }) => `${step}: ${what.replaceAll(/ -?[\d,.]+| @ \S+/g, "")}`);
}

const placement = [
  "placed: POST /api/v1/orders",
  "stored: checked and stored",
  "reserve: RESERVE",
  "walletEvent: RESERVE told",
  "held: PENDING",
  "event: PENDING told",
  "send: NEW -> b3.matching.engine",
  "take: NEW taken",
  "result: ACCEPTED",
  "answer: <- ACCEPTED",
];
const execution = (status: string) => [
  `result: ${status}`,
  `answer: <- ${status}`,
  "record: recorded",
  `event: ${status} told`,
  "settle: SETTLEMENT",
  "walletEvent: SETTLEMENT told",
];
const refund = ["settle: REFUND", "walletEvent: REFUND told"];

describe("a trace", () => {
  it("shows each hop of an order that was filled, in time order, from the end of its id", async () => {
    const orderId = await placeUntil("FILLED", { ticker: "PETR4", quantity: 100, side: "BUY" }, "trace-1");
    const trace = await traceIn(system, orderId.slice(-8));
    expect([missingOf(trace), trace.final, trace.status]).toEqual([[], true, "FILLED"]);
    const times = trace.hops.flatMap(({ atMs }) => atMs ?? []);
    expect(times).toEqual([...times].sort((left, right) => left - right));
    expect(stepsOf(trace).sort()).toEqual(
      [...placement, ...execution("FILLED"), ...refund, "report: report FILLED"].sort(),
    );
    expect(trace.hops[0]?.what).toBe("POST /api/v1/orders 201");
    validateOutput({
      ...{ schema: "mybroker/tail@1", ok: true, project: "x", runtime: "embedded" },
      ...{ data: toDocument(trace), error: null },
    });
  });

  it("tells the times that the services themselves wrote, within 10 ms", async () => {
    const beforeMs = Date.now();
    const orderId = await placeUntil("FILLED", { ticker: "PETR4", quantity: 200, side: "BUY" });
    const afterMs = Date.now();
    const trace = await traceIn(system, orderId);
    const timeOf = (step: string) => trace.hops.find((hop) => hop.step === step)?.atMs ?? Number.NaN;
    const logged = system.log.find((line) => line.includes(orderId) && line.includes("order placed"));
    const { time } = JSON.parse(logged ?? "{}") as { time: string | number };
    // It is logged after the commit, which takes its own time: the hop cannot be later.
    expect(timeOf("held")).toBeLessThanOrEqual(new Date(time).getTime());
    const order = await investor.order(orderId);
    expect(Math.abs(Date.parse(order.createdAt) - timeOf("stored"))).toBeLessThanOrEqual(10);
    expect(Math.abs(Date.parse(order.updatedAt) - timeOf("record"))).toBeLessThanOrEqual(10);
    expect(timeOf("placed")).toBeGreaterThanOrEqual(beforeMs);
    expect(timeOf("record")).toBeLessThanOrEqual(afterMs);
  });

  it("tells of each message the time with which it was published, and of each row its own", async () => {
    const orderId = await placeUntil("FILLED", { ticker: "PETR4", quantity: 300, side: "BUY" });
    const isThrough = async () => missingOf(await traceIn(system, orderId)).length === 0;
    await vi.waitUntil(isThrough, { timeout: 15_000 });
    const trace = await traceIn(system, orderId);
    // Read by clients that are nothing of the trace's.
    const published = [...(await readTopics(orderId)), ...(await readAudit(orderId))].sort();
    const told = trace.hops.filter(({ source }) => /@\d+$/.test(source));
    expect(told.map(({ atMs }) => atMs).sort()).toEqual(published);
    const rows = [
      ...readTimes(
        "broker-wallet-db",
        "select created_at / 1000 as at from transactions where order_id = ?",
        orderId,
      ),
      ...readTimes(
        "broker-order-db",
        "select recorded_at / 1000 as at from executions where order_id = ?",
        orderId,
      ),
      ...readTimes("b3-core-db", "select at_ms as at from commands where order_id = ?", orderId),
      ...readTimes("b3-core-db", "select at_ms as at from results where order_id = ?", orderId),
    ];
    const steps = ["reserve", "settle", "record", "take", "result"];
    const stored = trace.hops.filter(({ step }) => steps.includes(step));
    expect(stored.map(({ atMs }) => atMs).sort()).toEqual(rows.sort());
    for (const { after, atMs, sinceMs } of toLatencies(trace)) {
      const before = trace.hops.find(({ id }) => id === after);
      expect(sinceMs).toBe(before?.atMs ?? before?.sinceMs);
      // Clocks of one machine, told in whole milliseconds, each before the commit that makes it true.
      expect((atMs ?? 0) - (sinceMs ?? 0)).toBeGreaterThanOrEqual(-10);
    }
  });

  it("shows a wish to cancel, and what goes back", async () => {
    const { orderId } = (await investor.place({ ticker: "PETR4", quantity: 100, side: "BUY", price: 1 }))
      .body;
    const open = await traceIn(system, orderId);
    expect([open.final, open.status, missingOf(open)]).toEqual([false, "PENDING", []]);
    await investor.cancel(orderId);
    await waitFor(orderId, "CANCELLED");
    const trace = await traceIn(system, orderId);
    expect(missingOf(trace)).toEqual([]);
    expect(stepsOf(trace).sort()).toEqual(
      [
        ...placement,
        "cancelAsked: DELETE /api/v1/orders",
        "send: CANCEL -> b3.matching.engine",
        "take: CANCEL taken",
        "result: CANCELLED",
        "answer: <- CANCELLED",
        "event: CANCELLED told",
        ...refund,
        "report: report CANCELLED",
      ].sort(),
    );
  });

  it("shows both sides of a partial fill, and the rest that is cancelled", async () => {
    // More than the liquidity provider quotes: the rest rests.
    const price = await lastPrice("VALE3");
    const wish = { ticker: "VALE3", quantity: 1_500, side: "BUY", price: round(price * 1.05) } as const;
    const orderId = await placeUntil("PARTIALLY_FILLED", wish);
    await investor.cancel(orderId);
    await vi.waitUntil(async () => ["CANCELLED", "FILLED"].includes((await investor.order(orderId)).status), {
      ...{ timeout: 15_000, interval: 20 },
    });
    const trace = await traceIn(system, orderId);
    expect(missingOf(trace)).toEqual([]);
    expect(stepsOf(trace)).toEqual(expect.arrayContaining(execution("PARTIALLY_FILLED")));
  });

  it("shows what the wallet refused", async () => {
    const wish = { ticker: "PETR4", quantity: 1_000_000, side: "BUY", price: 38 } as const;
    const { body } = await investor.place(wish);
    const trace = await traceIn(system, body.orderId);
    expect([trace.status, missingOf(trace)]).toEqual(["REJECTED", []]);
    expect(stepsOf(trace)).toEqual([
      "placed: POST /api/v1/orders",
      "stored: checked and stored",
      "refused: REJECTED NO_FUNDS",
      "event: REJECTED told",
      "report: report REJECTED",
    ]);
  });

  it("lists the orders that a text fits, and says where none does", async () => {
    const orders = await investor.orders();
    expect(orders.length).toBeGreaterThan(1);
    const start = orders[0]?.orderId.slice(0, 4) ?? "";
    await expect(traceIn(system, start)).rejects.toMatchObject({
      ...{ code: "trace.ambiguous", exitCode: 2 },
      lines: expect.arrayContaining([`  ${orders[0]?.orderId}`]),
    });
    await expect(traceIn(system, "zzzz")).rejects.toMatchObject({ code: "trace.unknown-order", exitCode: 1 });
  });

  it("traces the order of a simple program by its messages alone", async () => {
    const orderId = "simple-order-1";
    const event = {
      ...{ orderId, userId: investor.userId, ticker: "PETR4", quantity: 100, price: 38 },
      ...{ executedPrice: null, side: "BUY", eventTimestamp: new Date().toISOString() },
    };
    await publishEvents([{ ...event, status: "PENDING" }]);
    await expect(traceIn(system, orderId)).rejects.toMatchObject({ code: "trace.unknown-order" });
    const id = "019a7c3e-5b1f-7000-8000-000000000001";
    await publishEvents([{ ...event, orderId: id, status: "PENDING" }]);
    const trace = await traceIn(system, id);
    expect(trace.hops.map(({ id: hop, state }) => `${state} ${hop}`)).toEqual(
      expect.arrayContaining(["done placed", "done event PENDING"]),
    );
  });

  it("says what a store or broker that is away would know", async () => {
    const orderId = await placeUntil("FILLED", { ticker: "PETR4", quantity: 100, side: "BUY" });
    const startedMs = performance.now();
    const trace = await traceIn(system, orderId, {
      brokers: {
        kafka: ["127.0.0.1:1"],
        rabbitmq: { name: "rabbitmq", ...system.rabbitmq },
      },
    });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    const unknown = trace.hops.filter(({ state }) => state === "unknown");
    expect(new Set(unknown.map(({ step }) => step))).toEqual(new Set(["event", "walletEvent"]));
    expect(unknown[0]?.note).toMatch(/^Kafka does not answer|kafka does not answer/);
    expect(trace.hops.filter(({ state }) => state === "done").length).toBeGreaterThan(8);
  });

  it("names the hop that is missing, and why", async () => {
    const cause = /^broker-wallet does not answer; consumer lag \d+ of broker-wallet on order-events-v1$/;
    const { orderId } = (await investor.place({ ticker: "PETR4", quantity: 100, side: "BUY", price: 1.01 }))
      .body;
    await waitFor(orderId, "PENDING");
    await system.stopService("broker-wallet");
    await investor.cancel(orderId);
    await waitFor(orderId, "CANCELLED");
    const trace = await traceIn(system, orderId);
    const [first, second] = missingOf(trace);
    expect([first?.id, first?.state, second?.id, second?.state]).toEqual([
      ...["settle REFUND rest", "missing", "walletEvent REFUND rest", "waiting"],
    ]);
    expect(first?.missingMs).toBeGreaterThan(900);
    expect(first?.cause).toMatch(cause);
    await system.startService("broker-wallet");
    await vi.waitUntil(async () => missingOf(await traceIn(system, orderId)).length === 0, {
      timeout: 15_000,
    });
  });

  it("names a queue that nobody reads", async () => {
    await system.stopService("b3-matching-engine");
    const { orderId } = (await investor.place({ ticker: "PETR4", quantity: 100, side: "BUY", price: 1.02 }))
      .body;
    const [first] = await missingSoon(orderId);
    expect([first?.id, first?.cause]).toEqual([
      "take NEW",
      `b3-matching-engine does not answer; 1 message in ${toExchange.queue}, and nobody reads it`,
    ]);
    await system.startService("b3-matching-engine");
    await vi.waitUntil(async () => missingOf(await traceIn(system, orderId)).length === 0, {
      timeout: 15_000,
    });
    await investor.cancel(orderId);
    await waitFor(orderId, "CANCELLED");
  });

  it("names a row that waits in an outbox", async () => {
    await system.stopBroker("kafka");
    const { orderId } = (await investor.place({ ticker: "PETR4", quantity: 100, side: "BUY", price: 1.03 }))
      .body;
    await system.stopService("broker-order");
    await system.startBroker("kafka");
    const missing = await missingSoon(orderId);
    const event = missing.find(({ id }) => id === "event PENDING");
    expect(event?.cause).toMatch(
      /^broker-order does not answer; its row waits in the outbox of broker-order-db for \S+ \w+, to go to kafka/,
    );
    await system.startService("broker-order");
    await vi.waitUntil(async () => missingOf(await traceIn(system, orderId)).length === 0, {
      timeout: 20_000,
    });
    await investor.cancel(orderId);
    await waitFor(orderId, "CANCELLED");
  });

  it("names a dead letter and its reason", async () => {
    const { orderId } = (await investor.place({ ticker: "PETR4", quantity: 100, side: "BUY", price: 1.04 }))
      .body;
    await waitFor(orderId, "PENDING");
    const broken = { orderId, status: "FILLED", executionId: "of-a-stranger", executedQuantity: -5 };
    await publishResult(broken);
    const missing = await missingSoon(orderId, ({ id }) => id === "record of-a-stranger");
    const record = missing.find(({ id }) => id === "record of-a-stranger");
    expect(record?.cause).toMatch(/^dead letter at audit\.broker\.orders@\d+: .*executedQuantity/);
  });
});

/** Once it has been missing for long enough. */
async function missingSoon(orderId: string, isWanted: (hop: Hop) => boolean = () => true): Promise<Hop[]> {
  return vi.waitFor(
    async () => {
      const missing = missingOf(await traceIn(system, orderId)).filter(({ state }) => state === "missing");
      expect(missing.filter(isWanted)).not.toEqual([]);
      return missing;
    },
    { timeout: 15_000 },
  );
}

async function publishResult(result: object): Promise<void> {
  const connection = await connectRabbitmq({ ...system.rabbitmq, ...stranger });
  const channel = await connection.createConfirmChannel();
  channel.publish(ordersExchange, toBroker.routingKey, Buffer.from(JSON.stringify(result)));
  await channel.waitForConfirms();
  await connection.close();
}

const stranger = { timeoutMs: 5_000, connectionName: "stranger" };

/** x-published-at of the order's messages in both topics. */
async function readTopics(orderId: string): Promise<number[]> {
  const kafka = await createKafka({
    ...{ clientId: "stranger", brokers: [system.kafka], timeoutMs: 5_000, retries: 3 },
  });
  const consumer = kafka.consumer({ groupId: "stranger" });
  await consumer.connect();
  const topics = ["order-events-v1", "wallet-events-v1"];
  await consumer.subscribe({ topics, fromBeginning: true });
  const found: number[] = [];
  let last = performance.now();
  await consumer.run({
    eachMessage: async ({ message: { value, headers } }) => {
      last = performance.now();
      if (JSON.parse(String(value)).orderId === orderId) found.push(Number(headers?.["x-published-at"]));
    },
  });
  await vi.waitUntil(() => found.length > 0 && performance.now() - last > 500, { timeout: 15_000 });
  await consumer.disconnect();
  return found;
}

/** The same of the audit stream. */
async function readAudit(orderId: string): Promise<number[]> {
  const connection = await connectRabbitmq({ ...system.rabbitmq, ...stranger });
  const channel = await connection.createChannel();
  await channel.prefetch(1_000);
  const found: number[] = [];
  let last = performance.now();
  await channel.consume(
    auditStream,
    (message) => {
      last = performance.now();
      const { headers } = message?.properties ?? {};
      const isOf = JSON.parse(String(message?.content)).orderId === orderId;
      if (isOf) found.push(Number(headers?.["x-published-at"]));
    },
    { arguments: { "x-stream-offset": "first" } },
  );
  await vi.waitUntil(() => found.length > 0 && performance.now() - last > 500, { timeout: 15_000 });
  await connection.close();
  return found;
}

/** Of the order's rows the column "at", Unix milliseconds. */
function readTimes(store: string, query: string, orderId: string): number[] {
  const database = new Libsql(system.storePath(store), { readonly: true });
  const rows = database.prepare(query).all(orderId) as { readonly at: number }[];
  database.close();
  return rows.map(({ at }) => at);
}

function toLatencies({ hops }: Trace): Hop[] {
  return hops.filter(({ after, atMs, sinceMs }) => after !== null && atMs !== null && sinceMs !== null);
}

async function lastPrice(ticker: string): Promise<number> {
  const { body } = await investor.place({ ticker, quantity: 100, side: "BUY" });
  await waitFor(body.orderId, "FILLED");
  const order = await investor.order(body.orderId);
  return order.price;
}

function round(price: number): number {
  return Math.round(price * 100) / 100;
}

async function publishEvents(events: readonly object[]): Promise<void> {
  const kafka = await createKafka({
    ...{ clientId: "stranger", brokers: [system.kafka], timeoutMs: 5_000, retries: 3 },
  });
  const producer = kafka.producer();
  await producer.connect();
  const messages = events.map((event) => ({ key: investor.userId, value: JSON.stringify(event) }));
  await producer.send({ topic: "order-events-v1", messages });
  await producer.disconnect();
}
