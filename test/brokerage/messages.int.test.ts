import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ordersExchange, toBroker, toExchange } from "../../contracts/topology.js";
import { openKafkaLink } from "../../services/shared/messaging/kafka-link.js";
import { openRabbitmq } from "../../services/shared/messaging/rabbitmq-link.js";
import { type Collector, collectMessages } from "../support/collect-messages.js";
import { createTestContext } from "../support/link-context.js";
import { call, enter, giveShares, type Investor, waitForPrices } from "./investor.js";
import { type System, secrets, startSystem, waitUntilReady } from "./start-system.js";

const waiting = { timeout: 15_000, interval: 30 };

describe("what the services send", () => {
  let system: System;
  let collector: Collector;
  let gateway: string;
  let investor: Investor;

  beforeAll(async () => {
    system = await startSystem();
    await waitUntilReady(system);
    collector = await collectMessages(system);
    gateway = system.urls["broker-gateway"];
    const admin = await enter(gateway, "admin@mybroker.example", secrets.password);
    investor = await enter(gateway, "maria@example.com", "not-a-secret-8");
    await investor.deposit(100_000);
    await giveShares(gateway, { admin, userId: investor.userId, ticker: "PETR4", quantity: 1_000 });
    await waitForPrices(gateway, investor.token);
  }, 30_000);
  afterAll(async () => {
    await collector?.close();
    await system?.close();
  });

  const seen = (channel: string) => collector.messages.filter((message) => message.channel === channel);
  const waitForStatus = (orderId: string, status: string) =>
    vi.waitFor(async () => expect(await investor.order(orderId)).toMatchObject({ status }), waiting);

  it("agrees with docs/asyncapi.json, on every channel", async () => {
    const order = { ticker: "PETR4", quantity: 100 } as const;
    const filled = await investor.place({ ...order, side: "BUY" });
    const sold = await investor.place({ ...order, side: "SELL" });
    const resting = await investor.place({ ...order, side: "BUY", price: 1 });
    expect([filled.status, sold.status, resting.status]).toEqual([201, 201, 201]);
    await waitForStatus(filled.body.orderId, "FILLED");
    await waitForStatus(sold.body.orderId, "FILLED");
    await investor.cancel(resting.body.orderId);
    await waitForStatus(resting.body.orderId, "CANCELLED");
    const refused = await investor.place({ ...order, quantity: 1_000_000, side: "SELL", price: 30 });
    expect(refused.status).toBe(422);
    const channels = [
      "order-events-v1",
      "wallet-events-v1",
      "trading-assets-market-data-v1",
      toExchange.routingKey,
      toBroker.routingKey,
    ];
    await vi.waitFor(() => {
      for (const channel of channels) expect(seen(channel).length, channel).toBeGreaterThan(0);
    }, waiting);
    expect(collector.findProblems()).toEqual([]);
  });

  it("carries the trace of the request to the last event", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const answer = await call("POST", `${gateway}/api/v1/orders`, {
      token: investor.token,
      body: { ticker: "PETR4", quantity: 100, side: "BUY" },
      headers: { "idempotency-key": "trace", traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    });
    expect(answer.status).toBe(201);
    const carries = ({ headers }: { headers: Readonly<Record<string, unknown>> }) =>
      String(headers.traceparent).includes(traceId);
    await vi.waitFor(() => {
      for (const channel of [
        toExchange.routingKey,
        toBroker.routingKey,
        "order-events-v1",
        "wallet-events-v1",
      ]) {
        expect(seen(channel).some(carries), channel).toBe(true);
      }
    }, waiting);
  });

  it("puts what can never be valid aside, on both brokers, and goes on", async () => {
    const context = createTestContext("stranger");
    const rabbitmq = openRabbitmq(system.rabbitmq, context);
    const kafka = openKafkaLink({ ...context, brokers: [system.kafka] });
    try {
      await vi.waitFor(() => rabbitmq.ping(), waiting);
      for (const { routingKey } of [toExchange, toBroker]) {
        await rabbitmq.publish({ exchange: ordersExchange, routingKey, messageId: "bad", body: "{" });
      }
      await kafka.send("order-events-v1", [{ key: "u", messageId: "bad", value: "{" }]);
      const dead = [`${toExchange.routingKey}.dead`, `${toBroker.routingKey}.dead`, "order-events-v1.dlt"];
      await vi.waitFor(() => {
        for (const channel of dead) expect(seen(channel)[0]?.headers["x-reason"], channel).toBe("not JSON");
      }, waiting);
    } finally {
      await rabbitmq.close();
      await kafka.close();
    }
    // Only what the stranger sent.
    const channels = collector.findProblems().map((problem) => problem.split(":")[0]);
    expect(channels.sort()).toEqual([toBroker.routingKey, toExchange.routingKey, "order-events-v1"].sort());
    const { body } = await investor.place({ ticker: "PETR4", quantity: 100, side: "BUY" });
    await waitForStatus(body.orderId, "FILLED");
  });

  it("is what the reports say", async () => {
    const { token } = investor;
    const get = async (path: string) =>
      (
        await call<{ items: Record<string, unknown>[] }>("GET", `${gateway}/api/v1/${path}?limit=200`, {
          token,
        })
      ).body.items;
    const brief = (orders: Record<string, unknown>[]) =>
      orders
        .map(({ orderId, status, cumQuantity, leavesQuantity }) => ({
          orderId,
          status,
          cumQuantity,
          leavesQuantity,
        }))
        .sort((a, b) => String(a.orderId).localeCompare(String(b.orderId)));
    await vi.waitFor(async () => {
      expect(brief(await get("reports/me/orders"))).toEqual(brief(await get("orders")));
      const moves = await get("wallets/me/transactions");
      const lines = await get("reports/me/statement");
      expect(lines.map(({ balanceAfter }) => balanceAfter)).toEqual(
        moves.map(({ balanceAfter }) => balanceAfter),
      );
    }, waiting);
    expect((await get("reports/assets/PETR4/history")).length).toBeGreaterThan(0);
  });
});
