import { once } from "node:events";
import type { Channel, ConfirmChannel, ConsumeMessage } from "amqplib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningBroker, runBroker } from "./testing/run-broker.js";

let running: RunningBroker;

beforeEach(async () => {
  running = await runBroker();
});

afterEach(async () => {
  await running.stop();
  expect(running.problems).toEqual([]);
});

async function confirmChannel(): Promise<ConfirmChannel> {
  return (await running.connect()).createConfirmChannel();
}

/** The next so many messages, acknowledged. */
async function take(channel: Channel, queue: string, count: number): Promise<ConsumeMessage[]> {
  const messages: ConsumeMessage[] = [];
  let consumerTag = "";
  await new Promise<void>((resolve) => {
    void channel
      .consume(queue, (message) => {
        if (message === null) return;
        channel.ack(message);
        messages.push(message);
        if (messages.length === count) resolve();
      })
      .then((ok) => {
        consumerTag = ok.consumerTag;
      });
  });
  await channel.cancel(consumerTag);
  return messages;
}

describe("an AMQP client", () => {
  it("declares, publishes with confirms and consumes in order", async () => {
    const channel = await confirmChannel();
    await channel.assertQueue("orders", { durable: true });
    for (let number = 0; number < 500; number += 1) {
      channel.publish("", "orders", Buffer.from(`order ${number}`), {
        persistent: true,
        headers: { number, nested: { list: [1, "two", true] } },
        messageId: `id-${number}`,
      });
    }
    await channel.waitForConfirms();
    const messages = await take(channel, "orders", 500);
    expect(messages.map(({ content }) => content.toString())).toEqual(
      Array.from({ length: 500 }, (_, number) => `order ${number}`),
    );
    expect(messages[7]?.properties).toMatchObject({
      messageId: "id-7",
      headers: { number: 7, nested: { list: [1, "two", true] } },
      deliveryMode: 2,
    });
    expect((await channel.checkQueue("orders")).messageCount).toBe(0);
  });

  it("finds confirmed messages, queues and bindings again after a restart", async () => {
    const channel = await confirmChannel();
    await channel.assertExchange("trades", "topic", { durable: true });
    await channel.assertQueue("all", { durable: true, arguments: { "x-queue-type": "quorum" } });
    await channel.bindQueue("all", "trades", "trade.#");
    channel.publish("trades", "trade.PETR4", Buffer.from("one"), { persistent: true });
    await channel.waitForConfirms();
    await running.restart();
    const again = await confirmChannel();
    again.publish("trades", "trade.VALE3", Buffer.from("two"), { persistent: true });
    await again.waitForConfirms();
    const messages = await take(again, "all", 2);
    expect(messages.map(({ content }) => content.toString())).toEqual(["one", "two"]);
  });

  it("gets a mandatory message back before its confirm", async () => {
    const channel = await confirmChannel();
    const events: string[] = [];
    channel.on("return", ({ fields }) => events.push(`return ${String(Object(fields).replyText)}`));
    channel.publish("", "nowhere", Buffer.from("lost"), { mandatory: true }, () => events.push("confirm"));
    await channel.waitForConfirms();
    expect(events).toEqual(["return NO_ROUTE", "confirm"]);
  });

  it("is told why its channel is closed, and goes on with another one", async () => {
    const connection = await running.connect();
    const channel = await connection.createChannel();
    await channel.assertQueue("orders", { durable: true });
    channel.on("error", () => {});
    await expect(channel.assertQueue("orders", { durable: false })).rejects.toThrow(
      "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'orders' in vhost '/': received 'false' but current is 'true'",
    );
    const next = await connection.createChannel();
    expect((await next.checkQueue("orders")).queue).toBe("orders");
  });

  it("loses its exclusive queue with its connection", async () => {
    const connection = await running.connect();
    const { queue } = await (await connection.createChannel()).assertQueue("", { exclusive: true });
    await connection.close();
    const channel = await confirmChannel();
    channel.on("error", () => {});
    await expect(channel.checkQueue(queue)).rejects.toThrow("NOT_FOUND");
  });

  it("is told that its consumer ended with the queue", async () => {
    const channel = await confirmChannel();
    await channel.assertQueue("short-lived");
    const cancelled = new Promise((resolve) => {
      void channel.consume("short-lived", resolve);
    });
    await channel.deleteQueue("short-lived");
    expect(await cancelled).toBeNull();
  });

  it("gets back by prefetch what it may have and no more", async () => {
    const channel = await confirmChannel();
    await channel.assertQueue("work");
    for (let number = 0; number < 20; number += 1) channel.sendToQueue("work", Buffer.from(`${number}`));
    await channel.waitForConfirms();
    await channel.prefetch(3);
    const messages: ConsumeMessage[] = [];
    await channel.consume("work", (message) => message !== null && messages.push(message));
    await channel.checkQueue("work");
    expect(messages).toHaveLength(3);
    channel.ack(messages[1] as ConsumeMessage, true);
    await channel.checkQueue("work");
    expect(messages).toHaveLength(5);
  });

  it("is refused with a wrong password, and the log says so", async () => {
    const { connectRabbitmq } = await import("../../kit/rabbitmq.js");
    const settings = { host: "127.0.0.1", port: running.broker.port, user: "tester", connectionName: "test" };
    await expect(connectRabbitmq({ ...settings, password: "wrong", timeoutMs: 5000 })).rejects.toThrow(
      "ACCESS_REFUSED",
    );
    expect(running.problems.splice(0)).toEqual(["amqp: refused a login with another user or password"]);
  });

  it("is told when the broker stops", async () => {
    const connection = await running.connect();
    const closed = once(connection, "close");
    await running.restart();
    expect(String((await closed)[0])).toContain("CONNECTION_FORCED");
  });
});
