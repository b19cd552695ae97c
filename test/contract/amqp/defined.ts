import { describe, expect, it } from "vitest";
import {
  auditStream,
  deadLetterExchange,
  deliveryLimit,
  ordersExchange,
  toBroker,
  toExchange,
} from "../../../contracts/topology.js";
import { consume, getOne, type Lab, publish, readyCount, refusalOf } from "./lab.js";

/** What the definitions in docker-compose.yml make. */
export function describeDefined(lab: Lab): void {
  describe.each([toExchange, toBroker])("the route to $queue", ({ queue, routingKey, deadLetterQueue }) => {
    it("is found by a stranger's plain declarations", async () => {
      const channel = await lab.channel();
      for (const name of [queue, deadLetterQueue]) {
        await channel.assertQueue(name, { durable: true });
        await channel.assertQueue(name, { durable: true, arguments: { "x-queue-type": "quorum" } });
      }
      for (const name of [ordersExchange, deadLetterExchange]) {
        await channel.assertExchange(name, "direct", { durable: true });
      }
      const limited = { "x-delivery-limit": deliveryLimit };
      expect(
        await refusalOf(channel.assertQueue(queue, { durable: true, arguments: limited })),
      ).toMatchObject({
        code: 406,
      });
    });

    it("leads from exchange to queue, and a rejected message to the dead letters", async () => {
      const channel = await lab.confirmChannel();
      const body = lab.name("order");
      await publish(channel, {
        exchange: ordersExchange,
        key: routingKey,
        body,
        persistent: true,
        mandatory: true,
      });
      const message = await getOne(channel, queue);
      expect(message.content.toString()).toBe(body);
      channel.nack(message, false, false);
      const dead = await getOne(channel, deadLetterQueue, { noAck: true });
      expect(dead.content.toString()).toBe(body);
      expect(dead.fields).toMatchObject({ exchange: deadLetterExchange, routingKey });
      expect(dead.properties.headers?.["x-death"]).toMatchObject([
        { reason: "rejected", queue, exchange: ordersExchange, "routing-keys": [routingKey], count: 1 },
      ]);
    });

    it("a message that is lost 50 times is a dead letter, by policy", async () => {
      const channel = await lab.confirmChannel();
      await publish(channel, { exchange: ordersExchange, key: routingKey, body: "deadly" });
      let deliveries = 0;
      await channel.prefetch(1);
      const { consumerTag } = await channel.consume(queue, (message) => {
        deliveries += 1;
        if (message !== null) channel.reject(message, true);
      });
      const dead = await getOne(channel, deadLetterQueue, { noAck: true });
      await channel.cancel(consumerTag);
      expect(deliveries).toBe(deliveryLimit + 1);
      expect(dead.properties.headers?.["x-death"]).toMatchObject([{ reason: "delivery_limit", queue }]);
    });

    it("dead letters have no delivery limit", async () => {
      const channel = await lab.confirmChannel();
      await publish(channel, { key: deadLetterQueue });
      for (let index = 0; index < 60; index += 1)
        channel.reject(await getOne(channel, deadLetterQueue), true);
      channel.ack(await getOne(channel, deadLetterQueue));
      await readyCount(channel, deadLetterQueue, 0);
    });

    it("is written down in the audit stream, rejections too", async () => {
      const channel = await lab.confirmChannel();
      await channel.prefetch(100);
      const inbox = await consume(channel, auditStream, { arguments: { "x-stream-offset": "next" } });
      const body = lab.name("audited");
      await publish(channel, { exchange: ordersExchange, key: routingKey, body });
      channel.nack(await getOne(channel, queue), false, false);
      const [sent, dead] = await inbox.count(2);
      expect(sent).toMatchObject({
        content: Buffer.from(body),
        fields: { exchange: ordersExchange, routingKey },
      });
      expect(dead).toMatchObject({
        content: Buffer.from(body),
        fields: { exchange: deadLetterExchange, routingKey },
      });
      expect(dead?.properties.headers?.["x-death"]).toMatchObject([{ reason: "rejected", queue }]);
      await channel.purgeQueue(deadLetterQueue);
    });
  });
}
