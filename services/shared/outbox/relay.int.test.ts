import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../../../kit/sql/database.js";
import { eventually } from "../../../test/contract/amqp/lab.js";
import { createTestContext } from "../../../test/support/link-context.js";
import { runTraced } from "../trace.js";
import { addToOutbox, type OutboxRow, type OutboxSchema } from "./outbox.js";
import { type Relay, startRelay } from "./relay.js";
import { openTestOutbox, type TestOutbox } from "./testing/open-outbox.js";

const traceId = "0af7651916cd43dd8448eb211c80319c";

describe("the relay", () => {
  let outbox: TestOutbox;
  const relays: Relay[] = [];
  beforeEach(async () => {
    outbox = await openTestOutbox();
  });
  afterEach(async () => {
    await Promise.all(relays.splice(0).map((relay) => relay.close()));
    await outbox.close();
  });

  function start(
    brokers: Pick<Parameters<typeof startRelay>[0], "kafka" | "rabbitmq">,
    database = outbox.database,
  ) {
    const context = createTestContext("relay-test");
    const relay = startRelay<OutboxSchema>({
      store: { database, ready: Promise.resolve() },
      ...context,
      ...brokers,
    });
    relays.push(relay);
    return { relay, ...context };
  }
  const row = (messageId: string, channel: OutboxRow["channel"] = "rabbitmq"): OutboxRow => ({
    channel,
    destination: channel === "kafka" ? "order-events-v1" : "b3.matching.engine",
    key: "o1",
    messageId,
    payload: { orderId: "o1" },
  });
  const add = (...rows: OutboxRow[]) =>
    outbox.database.transact((transaction) => addToOutbox(transaction, rows));

  it("publishes to both brokers with the trace of who added the row", async () => {
    const sent: unknown[] = [];
    const { relay } = start({
      rabbitmq: {
        publishMany: async (messages) => {
          sent.push(...messages);
          return messages.map(() => undefined);
        },
      },
      kafka: { send: async (topic, records) => void sent.push({ topic, records }) },
    });
    await runTraced({ traceparent: `00-${traceId}-b7ad6b7169203331-01` }, () =>
      add(row("m1"), row("m2", "kafka")),
    );
    relay.wake();
    const headers = { traceparent: expect.stringContaining(traceId) };
    await eventually(
      () => sent.length,
      (length) => length === 2,
    );
    expect(sent).toContainEqual({
      exchange: "exchange.broker.orders",
      routingKey: "b3.matching.engine",
      messageId: "m1",
      body: '{"orderId":"o1"}',
      headers,
    });
    expect(sent).toContainEqual({
      topic: "order-events-v1",
      records: [{ key: "o1", value: '{"orderId":"o1"}', messageId: "m2", headers }],
    });
  });

  it("finds by itself what nobody told it of", async () => {
    const sent: string[] = [];
    start({
      kafka: { send: async (_topic, records) => void sent.push(...records.map((one) => one.messageId)) },
    });
    for (const id of ["m1", "m2"]) {
      await add(row(id, "kafka"));
      await eventually(
        () => sent.at(-1),
        (last) => last === id,
      );
    }
  });

  it("shows the age of what one broker does not take, and lets the other go on", async () => {
    let isAway = true;
    const sent: string[] = [];
    const context = start({
      rabbitmq: {
        publishMany: async (messages) => messages.map(() => (isAway ? new Error("away") : undefined)),
      },
      kafka: { send: async (_topic, records) => void sent.push(...records.map((one) => one.messageId)) },
    });
    expect(await context.valueOf("outbox_lag_seconds")).toBe(0);
    await add(row("m1"), row("m2", "kafka"));
    context.relay.wake();
    await eventually(
      () => sent.length,
      (length) => length === 1,
    );
    await eventually(
      () => context.valueOf("outbox_lag_seconds"),
      (seconds) => seconds > 0.3,
    );
    expect(context.lines).toEqual(['warn the outbox is held up {"channel":"rabbitmq","reason":"away"}']);
    isAway = false;
    await eventually(
      () => context.valueOf("outbox_lag_seconds"),
      (seconds) => seconds === 0,
    );
    expect(context.lines.at(-1)).toBe('info the outbox is published again {"channel":"rabbitmq"}');
  });

  it("leaves the outbox to one relay, and another takes over", async () => {
    const sent: string[] = [];
    const brokers = (name: string) => ({
      kafka: { send: async () => void sent.push(name) },
    });
    const first = start(brokers("first"));
    await add(row("m1", "kafka"));
    await eventually(
      () => sent.join(),
      (names) => names === "first",
    );
    const other = await openDatabase<OutboxSchema>({ kind: "sqlite", path: outbox.path });
    try {
      const second = start(brokers("second"), other);
      await add(row("m2", "kafka"));
      second.relay.wake();
      first.relay.wake();
      await eventually(
        () => sent.join(),
        (names) => names === "first,first",
      );
      await first.relay.close();
      await add(row("m3", "kafka"));
      await eventually(
        () => sent.join(),
        (names) => names === "first,first,second",
      );
      await second.relay.close();
    } finally {
      await other.close();
    }
  });
});
