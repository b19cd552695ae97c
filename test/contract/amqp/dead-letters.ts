import type { Channel, ChannelModel, ConfirmChannel, GetMessage, Message } from "amqplib";
import { describe, expect, it } from "vitest";
import { bodiesOf, consume, getOne, type Lab, publish, readyCount } from "./lab.js";

const queueTypes = ["classic", "quorum"] as const;

interface Pair {
  readonly channel: ConfirmChannel;
  readonly queue: string;
  readonly dead: string;
  readonly exchange: string;
}

/** A queue whose dead letters arrive in another one, through an exchange of their own. */
async function declarePair(
  lab: Lab,
  type: string,
  args: Readonly<Record<string, unknown>> = {},
): Promise<Pair> {
  const channel = await lab.confirmChannel();
  const [queue, dead, exchange] = [lab.name("work"), lab.name("dead"), lab.name("dlx")];
  await channel.assertExchange(exchange, "fanout", { durable: true });
  await channel.assertQueue(queue, {
    durable: true,
    arguments: { "x-queue-type": type, "x-dead-letter-exchange": exchange, ...args },
  });
  await channel.assertQueue(dead, { durable: true, arguments: { "x-queue-type": type } });
  await channel.bindQueue(dead, exchange, "");
  return { channel, queue, dead, exchange };
}

export function describeDeadLetters(lab: Lab): void {
  describe.each(queueTypes)("dead letters of a %s queue", (type) => {
    it("rejected: x-death says why, where from and how often", async () => {
      const { channel, queue, dead, exchange } = await declarePair(lab, type);
      const before = Math.floor(Date.now() / 1000);
      await publish(channel, { key: queue, body: "bad", messageId: "m1", headers: { mine: "kept" } });
      channel.reject(await getOne(channel, queue), false);
      const message = await getOne(channel, dead);
      expect(message.content.toString()).toBe("bad");
      expect(message.fields).toMatchObject({ exchange, routingKey: queue });
      expect(message.properties.messageId).toBe("m1");
      const { "x-death": deaths, ...headers } = message.properties.headers ?? {};
      expect(headers).toMatchObject({
        mine: "kept",
        "x-first-death-exchange": "",
        "x-first-death-queue": queue,
        "x-first-death-reason": "rejected",
        "x-last-death-exchange": "",
        "x-last-death-queue": queue,
        "x-last-death-reason": "rejected",
      });
      expect(deaths).toEqual([
        {
          count: 1,
          reason: "rejected",
          queue,
          exchange: "",
          "routing-keys": [queue],
          time: { "!": "timestamp", value: expect.any(Number) },
        },
      ]);
      const seconds = Number(deaths?.[0]?.time.value);
      expect(seconds).toBeGreaterThanOrEqual(before);
      expect(seconds).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
    });

    it("expired: the expiration is taken out of the message and told", async () => {
      const { channel, queue, dead } = await declarePair(lab, type);
      await publish(channel, { key: queue, expiration: 20 });
      const message = await getOne(channel, dead);
      expect(message.properties.expiration).toBeUndefined();
      expect(deathsOf(message)).toMatchObject([
        { reason: "expired", queue, count: 1, "original-expiration": "20" },
      ]);
    });

    it("expired by the queue: in the order of the queue", async () => {
      const { channel, queue, dead } = await declarePair(lab, type, { "x-message-ttl": 30 });
      for (const body of ["1", "2", "3"]) await publish(channel, { key: queue, body });
      const inbox = await consume(channel, dead, { noAck: true });
      expect(bodiesOf(await inbox.count(3))).toEqual(["1", "2", "3"]);
      expect(deathsOf(inbox.messages[0])).toMatchObject([{ reason: "expired" }]);
    });

    it("maxlen: the oldest goes", async () => {
      const { channel, queue, dead } = await declarePair(lab, type, { "x-max-length": 1 });
      for (const body of ["1", "2"]) await publish(channel, { key: queue, body });
      const message = await getOne(channel, dead);
      expect(message.content.toString()).toBe("1");
      expect(deathsOf(message)).toMatchObject([{ reason: "maxlen", queue, count: 1 }]);
    });

    it("a routing key of the queue's choice; the first one is told", async () => {
      const channel = await lab.confirmChannel();
      const [queue, dead] = [lab.name("work"), lab.name("dead")];
      await channel.assertQueue(dead, { durable: true });
      const args = { "x-queue-type": type, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead };
      await channel.assertQueue(queue, { durable: true, arguments: args });
      await channel.bindQueue(queue, "amq.topic", `${queue}.#`);
      await publish(channel, { exchange: "amq.topic", key: `${queue}.key`, CC: [`${queue}.cc`] });
      channel.nack(await getOne(channel, queue), false, false);
      const message = await getOne(channel, dead);
      expect(message.fields).toMatchObject({ exchange: "", routingKey: dead });
      expect(deathsOf(message)).toMatchObject([
        { reason: "rejected", exchange: "amq.topic", "routing-keys": [`${queue}.key`, `${queue}.cc`] },
      ]);
    });

    it("a circle with a rejection goes on: deaths count up, the last one stands in front", async () => {
      const channel = await lab.confirmChannel();
      const [work, retry] = [lab.name("work"), lab.name("retry")];
      const toward = (next: string) => ({ "x-dead-letter-exchange": "", "x-dead-letter-routing-key": next });
      const worked = { "x-queue-type": type, ...toward(retry) };
      await channel.assertQueue(work, { durable: true, arguments: worked });
      const waiting = { "x-queue-type": type, "x-message-ttl": 10, ...toward(work) };
      await channel.assertQueue(retry, { durable: true, arguments: waiting });
      await publish(channel, { key: work, body: "again" });
      for (const count of [1, 2]) {
        channel.reject(await getOne(channel, work), false);
        const message = await getOne(channel, work);
        expect(deathsOf(message)).toMatchObject([
          { reason: "expired", queue: retry, count, "routing-keys": [retry] },
          { reason: "rejected", queue: work, count, "routing-keys": [work] },
        ]);
        expect(message.properties.headers).toMatchObject({
          "x-first-death-reason": "rejected",
          "x-first-death-queue": work,
          "x-last-death-reason": "expired",
          "x-last-death-queue": retry,
        });
        channel.nack(message, false, true);
      }
    });

    it("deaths that a publisher claims are not counted on", async () => {
      const { channel, queue, dead } = await declarePair(lab, type);
      const claimed = [{ count: 7, reason: "rejected", queue, exchange: "", "routing-keys": [queue] }];
      await publish(channel, { key: queue, headers: { "x-death": claimed } });
      channel.reject(await getOne(channel, queue), false);
      expect(deathsOf(await getOne(channel, dead))).toMatchObject([{ reason: "rejected", queue, count: 1 }]);
    });

    it("a circle without a rejection ends: the message is dropped", async () => {
      const channel = await lab.confirmChannel();
      const [first, second] = [lab.name("first"), lab.name("second")];
      const toward = (next: string) => ({
        durable: true,
        arguments: {
          "x-queue-type": type,
          "x-message-ttl": 20,
          "x-dead-letter-exchange": "",
          "x-dead-letter-routing-key": next,
        },
      });
      await channel.assertQueue(first, toward(second));
      await channel.assertQueue(second, toward(first));
      const watcher = await lab.confirmChannel();
      await publish(watcher, { key: first, body: "around" });
      for (const queue of [first, second, first]) await readyCount(channel, queue, 0);
      expect(await channel.get(first)).toBe(false);
    });

    it("a missing dead letter exchange drops the message", async () => {
      const channel = await lab.confirmChannel();
      const queue = lab.name("work");
      const args = { "x-queue-type": type, "x-dead-letter-exchange": lab.name("missing") };
      await channel.assertQueue(queue, { durable: true, arguments: args });
      await publish(channel, { key: queue });
      channel.reject(await getOne(channel, queue), false);
      await channel.assertQueue(queue, { durable: true, arguments: args });
      expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 0 });
    });
  });

  it("a classic queue that is full may dead-letter what it refuses", async () => {
    const limits = { "x-max-length": 1, "x-overflow": "reject-publish-dlx" };
    const { channel, queue, dead } = await declarePair(lab, "classic", limits);
    expect(await publish(channel, { key: queue, body: "first" })).toBe("ack");
    expect(await publish(channel, { key: queue, body: "second" })).toBe("nack");
    const message = await getOne(channel, dead);
    expect(message.content.toString()).toBe("second");
    expect(deathsOf(message)).toMatchObject([{ reason: "maxlen", queue }]);
  });

  describe("a quorum queue's delivery limit", () => {
    const losses = {
      "a reject with requeue": (channel: Channel, message: GetMessage) => channel.reject(message, true),
      "the channel's end": (channel: Channel) => channel.close(),
      "the connection's end": (_: Channel, __: GetMessage, connection: ChannelModel) => connection.close(),
    };

    it.each(Object.entries(losses))("%s counts, and too many are a death", async (_, lose) => {
      const { channel, queue, dead } = await declarePair(lab, "quorum", { "x-delivery-limit": 2 });
      await publish(channel, { key: queue, body: "deadly" });
      const counts: unknown[] = [];
      for (const _ of [1, 2, 3]) {
        const connection = await lab.connect();
        const consumer = await lab.channel(connection);
        const message = await getOne(consumer, queue);
        counts.push(message.properties.headers?.["x-delivery-count"]);
        await lose(consumer, message, connection);
      }
      expect(counts).toEqual([undefined, 1, 2]);
      const message = await getOne(channel, dead);
      expect(deathsOf(message)).toMatchObject([{ reason: "delivery_limit", queue, count: 1 }]);
      expect(message.properties.headers).toMatchObject({ "x-last-death-reason": "delivery_limit" });
    });

    it("a nack with requeue is no loss", async () => {
      const { channel, queue } = await declarePair(lab, "quorum", { "x-delivery-limit": 2 });
      await publish(channel, { key: queue, body: "wanted later" });
      for (let index = 0; index < 5; index += 1) channel.nack(await getOne(channel, queue), false, true);
      const message = await getOne(channel, queue);
      expect(message.properties.headers).not.toHaveProperty("x-delivery-count");
      expect(message.fields.redelivered).toBe(true);
    });

    it("a classic queue has none", async () => {
      const { channel, queue } = await declarePair(lab, "classic");
      await publish(channel, { key: queue });
      for (let index = 0; index < 30; index += 1) channel.nack(await getOne(channel, queue), false, true);
      const message = await getOne(channel, queue);
      expect(message.properties.headers).toEqual({});
    });
  });
}

function deathsOf(message: Message | undefined): unknown {
  return message?.properties.headers?.["x-death"];
}
