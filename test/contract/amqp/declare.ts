import type { Options } from "amqplib";
import { describe, expect, it } from "vitest";
import { consume, eventually, failureOf, type Lab, publish, readyCount, refusalOf } from "./lab.js";

export function describeQueues(lab: Lab): void {
  describe("queue.declare", () => {
    it("creates, and finds again with equal arguments", async () => {
      const channel = await lab.confirmChannel();
      const queue = lab.name("equal");
      const options = { durable: true, arguments: { "x-queue-type": "classic", "x-max-length": 10 } };
      expect(await channel.assertQueue(queue, options)).toEqual({ queue, messageCount: 0, consumerCount: 0 });
      await publish(channel, { key: queue });
      expect(await channel.assertQueue(queue, options)).toMatchObject({ messageCount: 1 });
      await consume(channel, queue);
      expect(await channel.assertQueue(queue, options)).toMatchObject({ messageCount: 0, consumerCount: 1 });
    });

    const unequal = [
      { field: "durable", options: { durable: false, arguments: { "x-queue-type": "classic" } } },
      { field: "auto_delete", options: { autoDelete: true, arguments: { "x-queue-type": "classic" } } },
      { field: "x-max-length", options: { arguments: { "x-queue-type": "classic", "x-max-length": 11 } } },
      { field: "x-message-ttl", options: { arguments: { "x-queue-type": "classic", "x-message-ttl": 1 } } },
      { field: "x-queue-type", options: { arguments: { "x-queue-type": "quorum" } } },
    ];

    it.each(unequal)("refuses another $field with 406", async ({ field, options }) => {
      const channel = await lab.channel();
      const queue = lab.name("unequal");
      await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "classic" } });
      expect(await refusalOf(channel.assertQueue(queue, { durable: true, ...options }))).toEqual({
        code: 406,
        text: expect.stringContaining(
          `PRECONDITION_FAILED - inequivalent arg '${field}' for queue '${queue}' in vhost '/'`,
        ),
      });
    });

    const invalid = [
      { arguments: { "x-message-ttl": -1 } },
      { arguments: { "x-expires": 0 } },
      { arguments: { "x-max-length": "ten" } },
      { arguments: { "x-overflow": "explode" } },
      { arguments: { "x-queue-type": "imaginary" } },
      { arguments: { "x-dead-letter-routing-key": "without an exchange" } },
      { arguments: { "x-queue-type": "stream" }, exclusive: true },
      { arguments: { "x-queue-type": "quorum" }, exclusive: true },
      { arguments: { "x-queue-type": "stream" }, durable: false },
      { arguments: { "x-queue-type": "quorum" }, durable: false },
      { arguments: { "x-queue-type": "stream", "x-max-age": "7 days" } },
      { arguments: { "x-queue-type": "stream", "x-message-ttl": 1000 } },
      { arguments: { "x-queue-type": "stream", "x-dead-letter-exchange": "amq.fanout" } },
      { arguments: { "x-queue-type": "classic", "x-delivery-limit": 3 } },
      { arguments: { "x-queue-type": "classic", "x-max-age": "1D" } },
      { arguments: { "x-queue-type": "quorum", "x-max-priority": 5 } },
    ];

    it.each(invalid)("refuses %j with 406", async (options) => {
      const channel = await lab.channel();
      const call = channel.assertQueue(lab.name("invalid"), { durable: true, ...options });
      expect(await refusalOf(call)).toEqual({
        code: 406,
        text: expect.stringMatching(/^PRECONDITION_FAILED - /),
      });
    });

    it("makes up a name where none is given", async () => {
      const channel = await lab.channel();
      const { queue } = await channel.assertQueue("", { exclusive: true });
      expect(queue).toMatch(/^amq\.gen-/);
      expect((await channel.assertQueue("", { exclusive: true })).queue).not.toBe(queue);
      // An empty name stands for the queue that was declared last on the channel.
      await channel.bindQueue("", "amq.fanout", "");
      await channel.purgeQueue("");
    });

    it("refuses reserved names with 403, and finds nothing under an unknown one (404)", async () => {
      expect(await refusalOf((await lab.channel()).assertQueue("amq.mine"))).toEqual({
        code: 403,
        text: expect.stringMatching(
          /^ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.\*'/,
        ),
      });
      const missing = lab.name("missing");
      expect(await refusalOf((await lab.channel()).checkQueue(missing))).toEqual({
        code: 404,
        text: `NOT_FOUND - no queue '${missing}' in vhost '/'`,
      });
    });

    it("makes a quorum queue where no type is given, and a classic one where it cannot last", async () => {
      const queue = lab.name("typeless");
      const channel = await lab.channel();
      await channel.assertQueue(queue, { durable: true });
      await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum" } });
      const exclusive = lab.name("exclusive");
      await channel.assertQueue(exclusive, { exclusive: true });
      await channel.assertQueue(exclusive, { exclusive: true, arguments: { "x-queue-type": "classic" } });
    });
  });

  describe("an exclusive queue", () => {
    it("is locked to its connection (405) and goes with it", async () => {
      const owner = await lab.connect();
      const channel = await lab.channel(owner);
      const queue = lab.name("exclusive");
      await channel.assertQueue(queue, { exclusive: true });
      await (await lab.channel(owner)).checkQueue(queue);
      const locked = {
        code: 405,
        text: expect.stringMatching(/^RESOURCE_LOCKED - cannot obtain exclusive access/),
      };
      expect(await refusalOf((await lab.channel()).checkQueue(queue))).toEqual(locked);
      expect(await refusalOf((await lab.channel()).assertQueue(queue, { exclusive: true }))).toEqual(locked);
      expect(await refusalOf((await lab.channel()).consume(queue, () => {}))).toEqual(locked);
      expect(await refusalOf((await lab.channel()).deleteQueue(queue))).toEqual(locked);
      await owner.close();
      await eventually(
        async () => (await refusalOf((await lab.channel()).checkQueue(queue))).code,
        (code) => code === 404,
      );
    });
  });

  describe("an auto-delete queue", () => {
    it("goes with its last consumer", async () => {
      const channel = await lab.channel();
      const queue = lab.name("auto-delete");
      await channel.assertQueue(queue, { autoDelete: true, exclusive: true });
      const [first, second] = [await consume(channel, queue), await consume(channel, queue)];
      await channel.cancel(first.tag);
      await channel.checkQueue(queue);
      await channel.cancel(second.tag);
      await eventually(
        async () => (await lab.channel()).checkQueue(queue).catch(({ code }) => code),
        (answer) => answer === 404,
      );
    });
  });
}

export function describeDeletes(lab: Lab): void {
  describe("queue.delete and queue.purge", () => {
    it("say how many messages went, and a missing queue is no error", async () => {
      const channel = await lab.confirmChannel();
      const queue = lab.name("deleted");
      await channel.assertQueue(queue, { durable: true });
      for (const body of ["1", "2", "3"]) await publish(channel, { key: queue, body });
      expect(await channel.purgeQueue(queue)).toEqual({ messageCount: 3 });
      await publish(channel, { key: queue });
      await readyCount(channel, queue, 1);
      expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 1 });
      expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 0 });
      expect(await refusalOf(channel.purgeQueue(queue))).toMatchObject({ code: 404 });
    });

    it("if-unused and if-empty hold a classic queue back with 406", async () => {
      const channel = await lab.confirmChannel();
      const queue = lab.name("kept");
      await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "classic" } });
      await publish(channel, { key: queue });
      const full = await refusalOf((await lab.channel()).deleteQueue(queue, { ifEmpty: true }));
      expect(full).toEqual({
        code: 406,
        text: `PRECONDITION_FAILED - queue '${queue}' in vhost '/' not empty`,
      });
      await consume(channel, queue);
      const used = await refusalOf((await lab.channel()).deleteQueue(queue, { ifUnused: true }));
      expect(used).toEqual({ code: 406, text: `PRECONDITION_FAILED - queue '${queue}' in vhost '/' in use` });
      await channel.deleteQueue(queue);
    });

    it("if-unused and if-empty are refused with 540 for a quorum queue", async () => {
      const channel = await lab.channel();
      const queue = lab.name("unconditional");
      await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum" } });
      for (const condition of [{ ifUnused: true }, { ifEmpty: true }]) {
        const connection = await lab.connect();
        const call = (await lab.channel(connection)).deleteQueue(queue, condition);
        call.catch(() => {});
        expect(await failureOf(connection)).toMatchObject({ code: 540 });
      }
      await channel.deleteQueue(queue);
    });

    it("tell the queue's consumers", async () => {
      const channel = await lab.channel();
      const queue = lab.name("cancelled");
      await channel.assertQueue(queue, { durable: true });
      const inbox = await consume(channel, queue);
      await (await lab.channel()).deleteQueue(queue);
      await eventually(
        () => inbox.cancelled,
        (cancelled) => cancelled,
      );
      await channel.assertQueue(queue, { durable: true });
    });
  });
}

export function describeExchanges(lab: Lab): void {
  describe("exchange.declare", () => {
    it("creates, finds again, and refuses what is not equal with 406", async () => {
      const exchange = lab.name("exchange");
      const channel = await lab.channel();
      await channel.assertExchange(exchange, "topic", { durable: true });
      await channel.assertExchange(exchange, "topic", { durable: true });
      await channel.checkExchange(exchange);
      const others: readonly { field: string; type?: string; options: Options.AssertExchange }[] = [
        { field: "type", type: "direct", options: {} },
        { field: "durable", options: { durable: false } },
        { field: "auto_delete", options: { autoDelete: true } },
        { field: "internal", options: { internal: true } },
        { field: "alternate-exchange", options: { alternateExchange: "amq.fanout" } },
      ];
      for (const { field, type = "topic", options } of others) {
        expect(await refusalOf((await lab.channel()).assertExchange(exchange, type, options))).toEqual({
          code: 406,
          text: expect.stringContaining(
            `inequivalent arg '${field}' for exchange '${exchange}' in vhost '/'`,
          ),
        });
      }
      await channel.deleteExchange(exchange);
      await channel.deleteExchange(exchange);
      expect(await refusalOf(channel.checkExchange(exchange))).toEqual({
        code: 404,
        text: `NOT_FOUND - no exchange '${exchange}' in vhost '/'`,
      });
    });

    it("has those that AMQP wants to be there", async () => {
      const channel = await lab.channel();
      for (const type of ["direct", "fanout", "topic", "headers"]) {
        await channel.assertExchange(`amq.${type}`, type, { durable: true });
      }
      await channel.checkExchange("amq.match");
    });

    it("refuses reserved names with 403", async () => {
      expect(await refusalOf((await lab.channel()).assertExchange("amq.mine", "direct"))).toEqual({
        code: 403,
        text: expect.stringMatching(
          /^ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.\*'/,
        ),
      });
      expect(await refusalOf((await lab.channel()).deleteExchange("amq.direct"))).toMatchObject({
        code: 403,
      });
    });

    it("refuses the default exchange with 403, passively too", async () => {
      expect(await refusalOf((await lab.channel()).checkExchange(""))).toMatchObject({ code: 403 });
      expect(await refusalOf((await lab.channel()).assertExchange("", "direct"))).toMatchObject({
        code: 403,
      });
    });

    it("refuses an alternate exchange that is no text with 406", async () => {
      const call = (await lab.channel()).assertExchange(lab.name("odd"), "direct", {
        arguments: { "alternate-exchange": 5 },
      });
      expect(await refusalOf(call)).toMatchObject({ code: 406 });
    });

    it("refuses an unknown type with 406", async () => {
      const call = (await lab.channel()).assertExchange(lab.name("odd"), "imaginary");
      expect(await refusalOf(call)).toEqual({
        code: 406,
        text: expect.stringMatching(/^PRECONDITION_FAILED - (unknown|invalid) exchange type 'imaginary'/),
      });
    });

    it("if-unused holds an exchange back with 406; auto-delete takes it with its last binding", async () => {
      const exchange = lab.name("auto-delete");
      const channel = await lab.channel();
      const { queue } = await channel.assertQueue("", { exclusive: true });
      await channel.assertExchange(exchange, "fanout", { autoDelete: true });
      await channel.bindQueue(queue, exchange, "");
      expect(await refusalOf((await lab.channel()).deleteExchange(exchange, { ifUnused: true }))).toEqual({
        code: 406,
        text: `PRECONDITION_FAILED - exchange '${exchange}' in vhost '/' in use`,
      });
      await channel.unbindQueue(queue, exchange, "");
      expect(await refusalOf(channel.checkExchange(exchange))).toMatchObject({ code: 404 });
    });
  });
}
