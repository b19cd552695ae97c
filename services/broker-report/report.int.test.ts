import fc from "fast-check";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MarketDataEvent, OrderEvent, WalletEvent } from "../../contracts/messages.js";
import { openDocuments } from "../../kit/documents/documents.js";
import { switchSqliteFile } from "../../kit/sql/sqlite-file.js";
import { makeStoreFolder, startService } from "../../test/support/domain-service.js";
import { call, startIdentity } from "../../test/support/identity-service.js";
import { startTestKafka } from "../../test/support/kafka-broker.js";
import { createTestContext } from "../../test/support/link-context.js";
import { type KafkaLink, openKafkaLink } from "../shared/messaging/kafka-link.js";
import type { RunningService } from "../shared/service.js";
import { createReportStore } from "./adapters/report-store.js";
import { brokerReport } from "./main.js";

const waiting = { timeout: 15_000, interval: 30 };
const at = (second: number) => `2026-11-22T10:00:${String(second).padStart(2, "0")}.000Z`;

function orderEvent(fields: Partial<OrderEvent> & { orderId: string; userId: string }): OrderEvent {
  return {
    ...{ ticker: "PETR4", quantity: 100, price: 30.5, executedPrice: null, side: "BUY", status: "PENDING" },
    eventTimestamp: at(0),
    ...fields,
  };
}

function walletEvent(fields: Partial<WalletEvent> & { eventId: string; userId: string }): WalletEvent {
  return {
    ...{ transactionType: "DEPOSIT", amount: 10, ticker: null, orderId: null },
    ...{ balanceAfter: 10, blockedBalanceAfter: 0, eventTimestamp: at(0) },
    ...fields,
  };
}

const priceEvent = (ticker: string, second: number): MarketDataEvent => ({
  ...{ ticker, name: ticker, short_name: ticker, price: 30 + second, volume: 7, updated_at: at(second) },
});

describe("the report service", () => {
  const closers: (() => unknown)[] = [];
  let service: RunningService;
  let kafka: KafkaLink;
  let token: string;
  let userId: string;
  let file: string;

  beforeEach(async () => {
    const folder = await makeStoreFolder();
    const broker = await startTestKafka();
    const identity = await startIdentity(folder.path);
    token = identity.token;
    userId = String(decodeJwt(token).sub);
    file = `${folder.path}/mongo.sqlite`;
    kafka = openKafkaLink({ ...createTestContext("test"), brokers: [broker.address] });
    await kafka.ensureTopics(["order-events-v1", "wallet-events-v1", "trading-assets-market-data-v1"]);
    service = await startService(brokerReport, {
      MONGODB_URL: `sqlite://${file}`,
      KAFKA_BROKERS: broker.address,
      IDENTITY_URL: identity.url,
    });
    closers.push(
      folder.remove,
      broker.close,
      identity.close,
      () => kafka.close(),
      () => service.close(),
    );
  });
  afterEach(async () => {
    switchSqliteFile(file, true);
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function get(path: string, as = token) {
    const request = { method: "GET", path: `/api/v1/reports${path}`, ...(as === "" ? {} : { token: as }) };
    const answer = await call(service, request as Parameters<typeof call>[1]);
    return answer as { status: number; body: { items: Record<string, unknown>[]; next: string | null } };
  }
  const send = (topic: string, events: readonly (OrderEvent | WalletEvent | MarketDataEvent)[]) =>
    kafka.send(
      topic,
      events.map((value) => {
        const key = "userId" in value ? value.userId : value.ticker;
        return { key, value, messageId: "m" };
      }),
    );

  it("shows a user's own orders, the latest first, each as its highest version has it", async () => {
    await send("order-events-v1", [
      orderEvent({
        orderId: "o1",
        userId,
        version: 3,
        status: "FILLED",
        executedPrice: 30.4,
        cumQuantity: 100,
        leavesQuantity: 0,
        eventTimestamp: at(3),
      }),
      orderEvent({ orderId: "o1", userId, version: 2, eventTimestamp: at(2) }),
      orderEvent({ orderId: "o2", userId, version: 1, eventTimestamp: at(4) }),
      orderEvent({ orderId: "o3", userId: "another", version: 1, eventTimestamp: at(5) }),
    ]);
    await vi.waitFor(async () => expect((await get("/me/orders")).body.items).toHaveLength(2), waiting);
    expect((await get("/me/orders")).body).toEqual({
      items: [
        expect.objectContaining({
          orderId: "o2",
          status: "PENDING",
          leavesQuantity: 100,
          executedPrice: null,
        }),
        {
          ...{
            orderId: "o1",
            ticker: "PETR4",
            side: "BUY",
            type: "LIMIT",
            timeInForce: "DAY",
            quantity: 100,
          },
          ...{ price: 30.5, status: "FILLED", cumQuantity: 100, leavesQuantity: 0, executedPrice: 30.4 },
          ...{ reason: null, updatedAt: at(3) },
        },
      ],
      next: null,
    });
  });

  it("shows a user's own statement and where the account stands", async () => {
    await send("wallet-events-v1", [
      walletEvent({ eventId: "e2", userId, sequence: 2, balanceAfter: 7.5, blockedBalanceAfter: 2.5 }),
      walletEvent({ eventId: "e1", userId, sequence: 1 }),
      walletEvent({ eventId: "e1", userId, sequence: 1 }),
      walletEvent({ eventId: "e3", userId: "another", sequence: 1 }),
    ]);
    await vi.waitFor(async () => expect((await get("/me/statement")).body.items).toHaveLength(2), waiting);
    expect((await get("/me/statement")).body).toMatchObject({
      account: { available: 7.5, blocked: 2.5, updatedAt: at(0) },
      items: [{ eventId: "e2", amount: 10, balanceAfter: 7.5, quantity: null }, { eventId: "e1" }],
    });
  });

  it("pages through a ticker's prices, those of a share for its odd lots too", async () => {
    await send(
      "trading-assets-market-data-v1",
      [2, 0, 1, 3, 1].map((second) => priceEvent("PETR4", second)),
    );
    await vi.waitFor(
      async () => expect((await get("/assets/PETR4F/history")).body.items).toHaveLength(4),
      waiting,
    );
    const first = (await get("/assets/PETR4/history?limit=3")).body;
    expect(first.items.map(({ time }) => time)).toEqual([at(3), at(2), at(1)]);
    expect(first.items[0]).toEqual({ ticker: "PETR4", price: 33, volume: 7, time: at(3) });
    const last = (await get(`/assets/PETR4/history?limit=3&cursor=${first.next}`)).body;
    expect(last).toEqual({ items: [expect.objectContaining({ time: at(0) })], next: null });
    expect((await get("/assets/VALE3/history")).body).toEqual({ items: [], next: null });
  });

  it("refuses what is no limit, cursor, field or ticker, and who does not say who they are", async () => {
    const refused = [
      ["/me/orders?limit=0", "limit"],
      ["/me/orders?limit=201", "limit"],
      ["/me/statement?limit=x", "limit"],
      ["/me/statement?cursor=bm8", "cursor"],
      ["/me/orders?cursor=%00", "cursor"],
      ["/me/orders?page=2", "page"],
      ["/assets/nothing/history", "ticker"],
    ] as const;
    for (const [path, field] of refused) {
      expect(await get(path), path).toMatchObject({ status: 422, body: { field } });
    }
    for (const path of ["/me/orders", "/me/statement", "/assets/PETR4/history"]) {
      expect((await get(path, "")).status, path).toBe(401);
    }
  });

  it("puts an amount with five decimals aside and goes on; catches up when its store was away", async () => {
    switchSqliteFile(file, false);
    await send("order-events-v1", [
      orderEvent({ orderId: "bad", userId, price: 30.12345 }),
      orderEvent({ orderId: "good", userId }),
    ]);
    expect((await get("/me/orders")).status).toBe(503);
    switchSqliteFile(file, true);
    await vi.waitFor(async () => {
      expect((await get("/me/orders")).body.items.map(({ orderId }) => orderId)).toEqual(["good"]);
    }, waiting);
    const metrics = await (await fetch(`http://${service.address}/metrics`)).text();
    expect(metrics).toContain('dead_letters_total{source="order-events-v1"} 1');
  });
});

describe("the reports", () => {
  const statuses = ["PENDING", "PARTIALLY_FILLED", "FILLED"] as const;
  const history = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 5 });

  /** Of an order whose status never goes back, with versions or without. */
  function tell(orderId: string, steps: readonly number[], hasVersions: boolean): OrderEvent[] {
    return [...steps].sort().map((rank, index) =>
      orderEvent({
        ...{ orderId, userId: "u1", status: statuses[rank] ?? "PENDING", eventTimestamp: at(index) },
        ...(hasVersions ? { version: index + 1 } : {}),
      }),
    );
  }

  it("are the same in whatever order and however often the events come", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(history, fc.boolean()), { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.nat()),
        async (orders, random) => {
          const next = () => random.next().value as number;
          const events = orders.flatMap(([steps, hasVersions], index) =>
            tell(`o${index}`, steps, hasVersions),
          );
          const moves = events.map((_, index) =>
            walletEvent({ eventId: `e${index}`, userId: "u1", sequence: index + 1, balanceAfter: index }),
          );
          const shuffle = <T>(list: readonly T[]) =>
            [...list, ...list.filter(() => next() % 2 === 0)]
              .map((value) => ({ value, place: next() }))
              .sort((a, b) => a.place - b.place)
              .map(({ value }) => value);
          expect(await collect(shuffle(events), shuffle(moves), next)).toEqual(
            await collect(events, moves, () => 0),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  /** What the reports say after these events, in batches of any size. */
  async function collect(orders: OrderEvent[], moves: WalletEvent[], next: () => number) {
    const folder = await makeStoreFolder();
    const documents = await openDocuments({ kind: "sqlite", path: `${folder.path}/mongo.sqlite` });
    try {
      const store = createReportStore(documents);
      while (orders.length > 0) await store.addOrders(orders.splice(0, 1 + (next() % 4)));
      while (moves.length > 0) await store.addMovements(moves.splice(0, 1 + (next() % 4)));
      const page = { limit: 200, before: undefined };
      return {
        orders: await store.findOrders("u1", page),
        lines: await store.findLines("u1", page),
        account: await store.findAccount("u1"),
      };
    } finally {
      await documents.close();
      await folder.remove();
    }
  }

  it("keep the newest 10,000 prices of a ticker, and a few hundred", async () => {
    const folder = await makeStoreFolder();
    const documents = await openDocuments({ kind: "sqlite", path: `${folder.path}/mongo.sqlite` });
    try {
      const store = createReportStore(documents);
      const events = Array.from({ length: 11_000 }, (_, index) => ({
        ...priceEvent("PETR4", 0),
        updated_at: new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString(),
      }));
      await store.addPrices([{ ...priceEvent("VALE3", 0), updated_at: at(0) }]);
      while (events.length > 0) await store.addPrices(events.splice(0, 1_000));
      const history = await documents.collection("asset_history", []);
      const kept = await history.count({ equal: { owner: "PETR4" } });
      expect(kept).toBeGreaterThanOrEqual(10_000);
      expect(kept).toBeLessThan(10_500);
      expect(await history.count({ equal: { owner: "VALE3" } })).toBe(1);
      expect((await store.findPrices("PETR4", { limit: 1, before: undefined }))[0]?.time).toBe(
        new Date(Date.UTC(2026, 0, 1) + 10_999_000).toISOString(),
      );
    } finally {
      await documents.close();
      await folder.remove();
    }
  });
});
