import { v7 as makeId } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { WalletEvent } from "../../contracts/messages.js";
import type { Transaction } from "../../contracts/rest.js";
import { createKafka } from "../../kit/kafka.js";
import { compile } from "../shared/validate.js";
import { openWalletLab, type WalletLab } from "./testing/wallet-lab.js";

const waiting = { timeout: 20_000, interval: 25 };
const partial = {
  status: "PARTIALLY_FILLED",
  executedPrice: 38,
  executionId: "e1",
  executedQuantity: 40,
} as const;
const closers: (() => Promise<unknown>)[] = [];
let lab: WalletLab;
let ana: string;
let userId: string;
let orderId: string;

beforeAll(async () => {
  lab = await openWalletLab();
});
afterAll(() => lab.close());
beforeEach(async () => {
  ana = await lab.register();
  orderId = makeId();
  ({ userId } = await lab.terms(ana));
});
afterEach(async () => {
  lab.switchStore("database", true);
  lab.switchStore("cache", true);
  for (const close of closers.splice(0).reverse()) await close();
});

/** BUY 100 PETR4 at 38.50 on 10,000 in cash. */
async function hold(): Promise<void> {
  await lab.post(ana, "me/deposit", { amount: 10_000 });
  expect(await lab.reservation("PUT", orderId, await lab.terms(ana))).toMatchObject({ status: 200 });
}

/** What a topic has of this user. */
async function listen(topic: string) {
  const records: { value: string; reason: string }[] = [];
  const settings = { clientId: "listener", brokers: [lab.kafka.address], timeoutMs: 5_000, retries: 5 };
  const consumer = (await createKafka(settings)).consumer({ groupId: makeId() });
  await consumer.connect();
  closers.push(() => consumer.disconnect());
  await vi.waitFor(() => consumer.subscribe({ topics: [topic], fromBeginning: true }), waiting);
  await consumer.run({
    eachMessage: async ({ message: { key, value, headers } }) => {
      if (String(key) === userId)
        records.push({ value: String(value), reason: String(headers?.["x-reason"]) });
    },
  });
  return records;
}

describe("orders that are executed", () => {
  it("are settled once, in any order of arrival, and told in events without gaps", async () => {
    await hold();
    const rejected = makeId();
    const first = { ...partial, orderId, userId };
    const second = { ...first, executionId: "e2", executedPrice: 38.5, executedQuantity: 10 };
    const final = { orderId, userId, status: "CANCELLED", cumQuantity: 50 } as const;
    const refused = { orderId: rejected, userId, status: "REJECTED", reason: "NO_FUNDS" } as const;
    await lab.publish({ orderId, userId }, final, second, first, final, second, refused);
    const paid = 40 * 38 + 10 * 38.5;
    await expect.poll(() => lab.cashOf(ana), waiting).toEqual({ available: 10_000 - paid, blocked: 0 });
    expect(await lab.positionsOf(ana)).toMatchObject([
      { ticker: "PETR4", available: 50, blocked: 0, totalCost: paid, averagePrice: paid / 50 },
    ]);
    // What was refused elsewhere stays refused here.
    expect(await lab.reservation("PUT", rejected, await lab.terms(ana))).toMatchObject({ status: 409 });
    const told = await listen("wallet-events-v1");
    await expect.poll(() => told.length, waiting).toBe(6);
    const events = told.map(({ value }) => JSON.parse(value) as WalletEvent);
    for (const event of events) expect(compile(WalletEvent)(event)).toMatchObject({ ok: true });
    expect(events.map(({ sequence, transactionType }) => [sequence, transactionType])).toEqual([
      [1, "DEPOSIT"],
      [2, "RESERVE"],
      [3, "REFUND"],
      [4, "SETTLEMENT"],
      [5, "SETTLEMENT"],
      [6, "REFUND"],
    ]);
    expect(events.at(-1)).toMatchObject({ userId, balanceAfter: 10_000 - paid, blockedBalanceAfter: 0 });
  });

  it("are settled as a whole by a simple service's event, and sold shares become cash", async () => {
    await lab.post(lab.admin, "custody-in", { userId, ticker: "PETR4", quantity: 300, unitPrice: 30 });
    await lab.reservation("PUT", orderId, await lab.terms(ana, { side: "SELL", unitPrice: 40 }));
    const filled = { orderId, userId, side: "SELL", status: "FILLED", executedPrice: 40.01 } as const;
    await lab.publish(filled, filled);
    await expect.poll(() => lab.cashOf(ana), waiting).toEqual({ available: 4_001, blocked: 0 });
    expect(await lab.positionsOf(ana)).toMatchObject([{ available: 200, blocked: 0, totalCost: 6_000 }]);
    const { items } = (await lab.get(ana, "transactions")).body as { items: Transaction[] };
    expect(items[0]).toMatchObject({
      ...{ transactionType: "SETTLEMENT", executionId: `${orderId}:1`, amount: 4_001, quantity: -100 },
    });
  });

  it("are put aside with the reason where they can never be valid, and the others go on", async () => {
    await hold();
    const good = { ...partial, orderId, userId };
    await lab.publish(
      { ...good, orderId: makeId() },
      { ...good, executedPrice: 38.51 },
      { ...good, executedQuantity: 101 },
      { ...good, executedPrice: 38.00001 },
      { ...good, quantity: 99 },
      { ...good, quantity: -1 },
      { ...good, executionId: null },
      good,
    );
    await expect.poll(() => lab.cashOf(ana), waiting).toEqual({ available: 6_170, blocked: 2_310 });
    const dead = await listen("order-events-v1.dlt");
    await expect.poll(() => dead.length, waiting).toBe(7);
    expect(dead.map(({ reason }) => reason.split(":")[0]).sort()).toEqual([
      "/quantity must be >= 1",
      "AMOUNT_INVALID",
      "EVENT_MISMATCH",
      "EVENT_MISMATCH",
      "NOT_HELD",
      "NO_RESERVATION",
      "WORSE_THAN_LIMIT",
    ]);
  });

  it("are settled after a restart and after an outage of the database or of Kafka", async () => {
    await hold();
    const execution = (index: number) => ({
      ...partial,
      orderId,
      userId,
      executionId: `e${index}`,
      executedQuantity: 10,
    });
    const expectSettled = (count: number) =>
      expect
        .poll(() => lab.cashOf(ana).catch(() => undefined), waiting)
        .toEqual({ available: 6_150 + count * 5, blocked: 3_850 - count * 385 });
    await lab.restart();
    await lab.publish(execution(1));
    await expectSettled(1);
    const body = await lab.terms(ana);
    lab.switchStore("database", false);
    await lab.publish(execution(2));
    expect(await lab.get(ana, "summary")).toMatchObject({ status: 503 });
    expect(await lab.reservation("PUT", makeId(), body)).toMatchObject({ status: 503 });
    lab.switchStore("database", true);
    await expectSettled(2);
    await lab.kafka.stop();
    expect(await lab.reservation("DELETE", makeId())).toMatchObject({ status: 200 });
    await lab.kafka.start();
    await lab.publish(execution(3), execution(1));
    await expectSettled(3);
  });
});

describe("prices", () => {
  const quote = (price: number) => ({
    ...{ ticker: "PETR4", name: "PETROBRAS PN", short_name: "PETR4", volume: 1 },
    ...{ price, updated_at: new Date().toISOString() },
  });
  const publishQuote = (price: number) =>
    lab.link.send("trading-assets-market-data-v1", [
      { key: "PETR4", value: quote(price), messageId: makeId() },
    ]);

  it("value positions, and without the cache orders are held and settled all the same", async () => {
    await lab.post(lab.admin, "custody-in", { userId, ticker: "PETR4", quantity: 1, unitPrice: 30 });
    await publishQuote(38.25);
    await expect.poll(() => lab.positionsOf(ana), waiting).toMatchObject([{ price: 38.25 }]);
    lab.switchStore("cache", false);
    await publishQuote(38.26);
    expect(await lab.positionsOf(ana)).toMatchObject([{ ticker: "PETR4", price: null }]);
    expect(await lab.request("GET", "/health/ready")).toMatchObject({
      status: 503,
      body: {
        dependencies: [
          { name: "broker-wallet-db", ok: true },
          { name: "broker-wallet-cache", ok: false },
          { name: "kafka", ok: true },
        ],
      },
    });
    await hold();
    await lab.publish({ ...partial, orderId, userId });
    await expect.poll(() => lab.cashOf(ana), waiting).toEqual({ available: 6_170, blocked: 2_310 });
    lab.switchStore("cache", true);
    await publishQuote(38.27);
    await expect.poll(() => lab.positionsOf(ana), waiting).toMatchObject([{ price: 38.27 }]);
  });
});
