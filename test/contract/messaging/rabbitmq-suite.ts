import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OrderMessage } from "../../../contracts/messages.js";
import { ordersExchange, toExchange } from "../../../contracts/topology.js";
import { InvalidMessage } from "../../../services/shared/messaging/messages.js";
import {
  openRabbitmq,
  type QueueConsumer,
  type QueueMessage,
  type RabbitmqLink,
} from "../../../services/shared/messaging/rabbitmq-link.js";
import { createTestContext, type TestContext } from "../../support/link-context.js";
import { type AmqpServer, createLab, eventually, getOne, publish, readyCount } from "../amqp/lab.js";

const { queue, routingKey, deadLetterQueue } = toExchange;

export function describeRabbitmqLink(name: string, start: () => Promise<AmqpServer>): void {
  describe(`the RabbitMQ link on ${name}`, () => {
    let server: AmqpServer;
    let link: RabbitmqLink;
    let context: TestContext;
    const lab = createLab(() => server);
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.close());
    beforeEach(async () => {
      context = createTestContext("link-test");
      link = openRabbitmq(server, context);
      const channel = await lab.channel();
      for (const name of [queue, deadLetterQueue]) await channel.purgeQueue(name);
      await eventually(
        () =>
          link.ping().then(
            () => true,
            () => false,
          ),
        (up) => up,
      );
    });
    afterEach(() => link.close());

    const send = (orderId: string, extra: object = {}) =>
      link.publish({
        exchange: ordersExchange,
        routingKey,
        messageId: `m-${orderId}`,
        body: { orderId, ...extra },
      });
    const consume = (options: Partial<QueueConsumer<typeof OrderMessage>>) =>
      link.consume({
        queue,
        schema: OrderMessage,
        handle: async () => {},
        probe: async () => {},
        ...options,
      });
    const idsOf = (batch: readonly QueueMessage<OrderMessage>[]) => batch.map(({ body }) => body.orderId);

    it("hands over what was published, with its headers", async () => {
      const before = Date.now();
      const taken: QueueMessage<OrderMessage>[] = [];
      consume({ handle: async (batch) => void taken.push(...batch) });
      await send("o1", { ticker: "PETR4", unknown: true });
      await eventually(
        () => taken.length,
        (length) => length === 1,
      );
      expect(taken[0]).toMatchObject({
        body: { orderId: "o1", ticker: "PETR4" },
        messageId: "m-o1",
        redelivered: false,
        headers: { traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/) },
      });
      expect(taken[0]?.headers["x-published-at"]).toBeGreaterThanOrEqual(before);
    });

    it("rejects a message that no queue takes, and no other", async () => {
      const message = { exchange: ordersExchange, body: {} };
      const errors = await link.publishMany([
        { ...message, messageId: "m1", routingKey },
        { ...message, messageId: "m2", routingKey: "nowhere" },
        { ...message, messageId: "m3", routingKey },
      ]);
      expect(errors).toEqual([
        undefined,
        new Error("no queue takes nowhere of exchange.broker.orders"),
        undefined,
      ]);
    });

    it("keeps the queue's order and acknowledges each batch", async () => {
      const ids = Array.from({ length: 500 }, (_, index) => `o${index}`);
      const batches: string[][] = [];
      expect(
        await link.publishMany(
          ids.map((orderId) => ({
            exchange: ordersExchange,
            routingKey,
            messageId: orderId,
            body: { orderId },
          })),
        ),
      ).toEqual(ids.map(() => undefined));
      const consumer = consume({ maxBatch: 100, handle: async (batch) => void batches.push(idsOf(batch)) });
      await eventually(
        () => batches.flat().length,
        (length) => length === 500,
      );
      expect(batches.flat()).toEqual(ids);
      expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(100);
      await consumer.close();
      await readyCount(await lab.channel(), queue, 0);
    });

    const neverValid = [
      { body: "{", reason: "not JSON" },
      { body: '{"orderId":7}', reason: "/orderId must be string" },
      { body: "{}", reason: "the message must have required property 'orderId'" },
      {
        body: `{"orderId":"o","x":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
        reason: "nested deeper than 16",
      },
      { body: '{"orderId":"o","x":"\\u0000"}', reason: "text with a NUL" },
      { body: JSON.stringify({ orderId: "o", x: "x".repeat(70_000) }), reason: "larger than 64 KiB" },
    ];

    it.each(neverValid)("dead-letters what is $reason, and goes on", async ({ body, reason }) => {
      const [taken, refused]: [string[], string[]] = [[], []];
      const channel = await lab.confirmChannel();
      await publish(channel, { exchange: ordersExchange, key: routingKey, body, messageId: "bad" });
      await publish(channel, { key: queue, body });
      await send("good");
      const consumer = consume({
        handle: async (batch) => void taken.push(...idsOf(batch)),
        onInvalid: async ({ messageId }, why) => void refused.push(`${messageId}: ${why}`),
      });
      const dead = await getOne(channel, deadLetterQueue, { noAck: true });
      expect(dead.content.toString()).toBe(body);
      expect(dead.fields).toMatchObject({ exchange: "dlx.broker.orders", routingKey });
      expect(dead.properties).toMatchObject({ messageId: "bad", headers: { "x-reason": reason } });
      await getOne(channel, deadLetterQueue, { noAck: true });
      await eventually(
        () => taken,
        ([id]) => id === "good",
      );
      expect(refused).toEqual([`bad: ${reason}`, `undefined: ${reason}`]);
      await consumer.close();
      await readyCount(channel, queue, 0);
      expect(await context.valueOf("dead_letters_total")).toBe(2);
      expect(context.lines.filter((line) => line.startsWith("warn dead letter"))).toHaveLength(2);
    });

    it("dead-letters the one that handle refuses, and hands the others over again", async () => {
      const batches: string[][] = [];
      for (const id of ["1", "2", "3"]) await send(id);
      const consumer = consume({
        handle: async (batch) => {
          batches.push(idsOf(batch));
          const bad = batch.find(({ body }) => body.orderId === "2");
          if (bad !== undefined) throw new InvalidMessage(bad, "ENGINE_REFUSED");
        },
      });
      const channel = await lab.channel();
      const dead = await getOne(channel, deadLetterQueue, { noAck: true });
      expect(dead.properties).toMatchObject({ messageId: "m-2", headers: { "x-reason": "ENGINE_REFUSED" } });
      await eventually(
        () => batches.flat(),
        (ids) => ids.includes("3") && ids.includes("1"),
      );
      await consumer.close();
      await readyCount(channel, queue, 0);
    });

    it("gives everything back while a dependency is down, and resumes", async () => {
      let isDown = true;
      const taken: string[] = [];
      for (const id of ["1", "2", "3"]) await send(id);
      consume({
        handle: async (batch) => {
          if (isDown) throw new Error("connection refused");
          taken.push(...idsOf(batch));
        },
        probe: async () => {
          if (isDown) throw new Error("still refused");
        },
      });
      await eventually(
        () => context.lines.join("\n"),
        (lines) =>
          lines.includes(
            'warn paused: a dependency is down {"queue":"mq-broker-to-b3","reason":"still refused"}',
          ),
      );
      await readyCount(await lab.channel(), queue, 3);
      isDown = false;
      await eventually(
        () => taken.length,
        (length) => length === 3,
      );
      expect(taken).toEqual(["1", "2", "3"]);
      expect(await context.valueOf("dead_letters_total")).toBe(0);
    });

    it("does not let one that always fails stop the others or spin", async () => {
      const taken: string[] = [];
      let failures = 0;
      for (const id of ["1", "poison", "3"]) await send(id);
      const consumer = consume({
        handle: async (batch) => {
          if (batch.some(({ body }) => body.orderId === "poison") && failures < 3) {
            failures += 1;
            throw new Error("a defect");
          }
          taken.push(...idsOf(batch));
        },
      });
      await eventually(
        () => taken.join(),
        (ids) => ids === "1,3",
      );
      await send("4");
      await eventually(
        () => taken.join(),
        (ids) => ids === "1,3,4",
      );
      // Each time with others and alone, or alone only: 1 s and 2 s lie between.
      await eventually(
        () => taken.at(-1),
        (id) => id === "poison",
      );
      expect(failures).toBe(3);
      expect(taken).toEqual(["1", "3", "4", "poison"]);
      await consumer.close();
      await readyCount(await lab.channel(), queue, 0);
    });

    it("keeps one that failed when those behind it in its batch are done", async () => {
      const taken: string[] = [];
      const batches: string[] = [];
      let open = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      let failures = 0;
      const consumer = consume({
        handle: async (batch) => {
          batches.push(idsOf(batch).join());
          if (idsOf(batch).includes("gate")) await gate;
          if (idsOf(batch).includes("poison") && failures < 2) {
            failures += 1;
            throw new Error("a defect");
          }
          taken.push(...idsOf(batch));
        },
      });
      await send("gate");
      await eventually(
        () => batches.join(),
        (ids) => ids === "gate",
      );
      for (const id of ["poison", "2"]) await send(id);
      // Both are with the consumer, and come as one batch once it takes the next.
      await readyCount(await lab.channel(), queue, 0);
      open();
      await eventually(
        () => taken.join(),
        (ids) => ids === "gate,2,poison",
      );
      expect(batches.slice(0, 2)).toEqual(["gate", "poison,2"]);
      await consumer.close();
      await readyCount(await lab.channel(), queue, 0);
    });

    it("outlives a restart of the broker", async () => {
      const taken = new Set<string>();
      consume({ handle: async (batch) => idsOf(batch).forEach((id) => void taken.add(id)) });
      await send("before");
      const restarted = server.restart?.();
      await eventually(
        () =>
          link.ping().then(
            () => true,
            () => false,
          ),
        (up) => !up,
      );
      await expect(send("meanwhile")).rejects.toThrow("RabbitMQ is not connected");
      await restarted;
      await eventually(
        () =>
          send("after").then(
            () => true,
            () => false,
          ),
        (sent) => sent,
      );
      await eventually(
        () => [...taken].join(),
        (ids) => ids === "before,after",
      );
    });
  });
}
