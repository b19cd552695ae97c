import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MarketDataEvent, OrderEvent } from "../../../contracts/messages.js";
import { createKafka } from "../../../kit/kafka.js";
import {
  type KafkaLink,
  openKafkaLink,
  type TopicConsumer,
} from "../../../services/shared/messaging/kafka-link.js";
import { InvalidMessage } from "../../../services/shared/messaging/messages.js";
import { createTestContext, type TestContext } from "../../support/link-context.js";
import { eventually } from "../amqp/lab.js";

export interface KafkaUnderTest {
  readonly address: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const orders = "order-events-v1";
const prices = "trading-assets-market-data-v1";
const topics = { [orders]: OrderEvent, [prices]: MarketDataEvent };

const order = (orderId: string): OrderEvent => ({
  orderId,
  userId: "u1",
  ticker: "PETR4",
  quantity: 100,
  price: 30.5,
  executedPrice: null,
  side: "BUY",
  status: "PENDING",
  eventTimestamp: "2026-11-22T10:00:00.000Z",
});
const priceOf = (ticker: string): MarketDataEvent => ({
  ticker,
  name: "Petrobras",
  short_name: "PETR",
  price: 30.5,
  volume: 0,
  updated_at: "2026-11-22T10:00:00.000Z",
});

/** Each test has a broker of its own where that is cheap: `start` says. */
export function describeKafkaLink(name: string, start: () => Promise<KafkaUnderTest>): void {
  describe(`the Kafka link on ${name}`, () => {
    let server: KafkaUnderTest;
    let link: KafkaLink;
    let context: TestContext;
    let run = 0;
    beforeEach(async () => {
      server = await start();
      context = createTestContext("link-test");
      link = openKafkaLink({ ...context, brokers: [server.address] });
      await link.ensureTopics(Object.keys(topics));
    });
    afterEach(async () => {
      await link.close();
      await server.close();
    });

    const send = (...ids: string[]) =>
      link.send(
        orders,
        ids.map((id) => ({ key: "u1", value: order(id), messageId: `m-${id}` })),
      );
    type Taken = Parameters<TopicConsumer<typeof topics>["handle"]>[0];
    const consume = (options: Partial<TopicConsumer<typeof topics>>) => {
      run += 1;
      return link.consume({
        groupId: `group-${process.pid}-${run}`,
        topics,
        handle: async () => {},
        probe: async () => {},
        ...options,
      });
    };
    const idsOf = (batch: Taken) =>
      batch.map((record) => (record.topic === orders ? record.value.orderId : record.value.ticker));
    const taken = (ids: readonly string[], count: number) =>
      eventually(
        () => ids.length,
        (length) => length === count,
      );

    it("hands over each topic's records in their order, with their headers", async () => {
      const records: Taken = [];
      await send("o1", "o2");
      await link.send(prices, [{ key: "PETR4", value: priceOf("PETR4"), messageId: "p1" }]);
      consume({ handle: async (batch) => void records.push(...batch) });
      await eventually(
        () => records.length,
        (length) => length === 3,
      );
      expect(idsOf(records.filter(({ topic }) => topic === orders))).toEqual(["o1", "o2"]);
      expect(records.find(({ topic }) => topic === prices)).toMatchObject({
        key: "PETR4",
        value: priceOf("PETR4"),
        headers: {
          "message-id": "p1",
          "x-published-at": expect.stringMatching(/^\d{13}$/),
          traceparent: expect.stringMatching(/^00-/),
        },
      });
      await eventually(
        () => context.valueOf("kafka_consumer_lag_records"),
        (lag) => lag === 0,
      );
    });

    it("goes on where the group stopped", async () => {
      const ids: string[] = [];
      const options = {
        groupId: `kept-${process.pid}`,
        handle: async (batch: Taken) => void ids.push(...idsOf(batch)),
      };
      await send("o1");
      const first = consume(options);
      await taken(ids, 1);
      await first.close();
      await send("o2");
      consume(options);
      await taken(ids, 2);
      expect(ids).toEqual(["o1", "o2"]);
    });

    it("puts malformed records aside with their reason, and goes on", async () => {
      const [ids, dead]: [string[], { value: string; reason: string | undefined }[]] = [[], []];
      const bad = ["{", '{"orderId":7}', "[".repeat(5_000)];
      await send("o1");
      await link.send(
        orders,
        bad.map((value) => ({ key: "u1", value, messageId: "bad" })),
      );
      await send("o2");
      consume({ handle: async (batch) => void ids.push(...idsOf(batch)) });
      await taken(ids, 2);
      expect(ids).toEqual(["o1", "o2"]);
      const { createKafka } = await import("../../../kit/kafka.js");
      const kafka = await createKafka({
        clientId: "t",
        brokers: [server.address],
        timeoutMs: 5_000,
        retries: 3,
      });
      const reader = kafka.consumer({ groupId: `dead-${process.pid}-${run}`, maxWaitTimeInMs: 200 });
      await reader.connect();
      await reader.subscribe({ topics: [`${orders}.dlt`], fromBeginning: true });
      await reader.run({
        eachMessage: async ({ message }) =>
          void dead.push({ value: String(message.value), reason: message.headers?.["x-reason"]?.toString() }),
      });
      await eventually(
        () => dead.length,
        (length) => length === 3,
      );
      await reader.disconnect();
      expect(dead.map(({ value }) => value)).toEqual(bad);
      expect(dead.map(({ reason }) => reason)).toEqual([
        "not JSON",
        "the message must have required property 'userId'",
        "not JSON",
      ]);
      expect(await context.valueOf("dead_letters_total")).toBe(3);
    });

    it("puts aside the one that handle refuses", async () => {
      const ids: string[] = [];
      await send("o1", "o2", "o3");
      consume({
        handle: async (batch) => {
          const bad = batch.find((record) => record.topic === orders && record.value.orderId === "o2");
          if (bad !== undefined) throw new InvalidMessage(bad, "no such order");
          ids.push(...idsOf(batch));
        },
      });
      await taken(ids, 2);
      expect(ids).toEqual(["o1", "o3"]);
      expect(await context.valueOf("dead_letters_total")).toBe(1);
    });

    it("waits while a dependency is down, and resumes", async () => {
      let isDown = true;
      const ids: string[] = [];
      await send("o1", "o2");
      consume({
        handle: async (batch) => {
          if (isDown) throw new Error("connection refused");
          ids.push(...idsOf(batch));
        },
        probe: async () => {
          if (isDown) throw new Error("still refused");
        },
      });
      await eventually(
        () => context.lines.join("\n"),
        (lines) => lines.includes("warn paused: a dependency is down"),
      );
      isDown = false;
      await taken(ids, 2);
      expect(ids).toEqual(["o1", "o2"]);
      expect(await context.valueOf("dead_letters_total")).toBe(0);
    });

    it("stays a member of its group while a batch takes longer than a session lasts", async () => {
      const ids: string[] = [];
      await send("o1", "o2");
      consume({
        handle: async (batch) => {
          const isFirst = ids.length === 0;
          ids.push(...idsOf(batch));
          // The broker gives a silent member up after 10 s.
          if (isFirst) await pause(12_000);
        },
      });
      await vi.waitUntil(() => ids.length === 2, { timeout: 20_000 });
      await send("o3");
      await vi.waitUntil(() => ids.includes("o3"), { timeout: 40_000 });
      expect(ids).toEqual(["o1", "o2", "o3"]);
    }, 70_000);

    it("lets one that fails alone hold up its partition only", async () => {
      const ids: string[] = [];
      let failures = 0;
      await send("o1", "poison", "o3");
      consume({
        handle: async (batch) => {
          if (idsOf(batch).includes("poison") && failures < 3) {
            failures += 1;
            throw new Error("a defect");
          }
          ids.push(...idsOf(batch));
        },
      });
      await eventually(
        () => context.lines.join("\n"),
        (lines) => lines.includes("error a record failed alone"),
      );
      const tickers = ["PETR4", "VALE3", "ITUB4", "ABEV3", "BBDC4", "WEGE3"];
      await link.send(
        prices,
        tickers.map((ticker) => ({ key: ticker, value: priceOf(ticker), messageId: ticker })),
      );
      await taken(ids, 9);
      expect(ids.filter((id) => /^(o|poison)/.test(id))).toEqual(["o1", "poison", "o3"]);
      expect(ids.indexOf("PETR4")).toBeLessThan(ids.indexOf("poison"));
    });

    it("reads partitions that were added meanwhile", async () => {
      const ids: string[] = [];
      consume({ handle: async (batch) => void ids.push(...idsOf(batch)) });
      await send("o1");
      await taken(ids, 1);
      const added = 3;
      const kafka = await createKafka({
        clientId: "other",
        brokers: [server.address],
        timeoutMs: 5_000,
        retries: 5,
      });
      const [admin, producer] = [kafka.admin(), kafka.producer()];
      await Promise.all([admin.connect(), producer.connect()]);
      await admin.createPartitions({ topicPartitions: [{ topic: orders, count: added + 1 }] });
      const message = { key: "u1", value: JSON.stringify(order("o2")), partition: added };
      await producer.send({ topic: orders, messages: [message] });
      await Promise.all([admin.disconnect(), producer.disconnect()]);
      await vi.waitUntil(() => ids.includes("o2"), { timeout: 25_000 });
    });

    it("outlives a restart of the broker", async () => {
      const ids = new Set<string>();
      consume({ handle: async (batch) => idsOf(batch).forEach((id) => void ids.add(id)) });
      await send("before");
      await eventually(
        () => ids.size,
        (size) => size === 1,
      );
      await server.stop();
      await expect(send("meanwhile")).rejects.toThrow();
      await expect(link.ping()).rejects.toThrow();
      await server.start();
      await eventually(
        () =>
          send("after").then(
            () => true,
            () => false,
          ),
        (sent) => sent,
      );
      await eventually(
        () => [...ids].join(),
        (known) => known.includes("after"),
      );
      await link.ping();
    });
  });
}
