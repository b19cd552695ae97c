import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { missingOf, type Trace } from "../../cli/trace/run-trace.js";
import { toDocument } from "../../cli/trace/screen.js";
import { createKafka } from "../../kit/kafka.js";
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
});

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
