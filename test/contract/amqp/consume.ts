import { describe, expect, it } from "vitest";
import {
  bodiesOf,
  consume,
  eventually,
  failureOf,
  getOne,
  type Lab,
  publish,
  readyCount,
  refusalOf,
} from "./lab.js";
import { method, RawAmqp } from "./raw-amqp.js";

const queueTypes = ["classic", "quorum"] as const;
type QueueType = (typeof queueTypes)[number];

/** A queue of its own with these messages. */
async function filled(lab: Lab, type: QueueType, bodies: readonly string[]): Promise<string> {
  const channel = await lab.confirmChannel();
  const queue = lab.name(type);
  await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": type } });
  await Promise.all(bodies.map((body) => publish(channel, { key: queue, body })));
  await readyCount(channel, queue, bodies.length);
  return queue;
}

export function describeConsuming(lab: Lab): void {
  describe.each(queueTypes)("consuming from a %s queue", (type) => {
    it("prefetch bounds what is unacknowledged; an ack lets the next one come", async () => {
      const queue = await filled(lab, type, ["1", "2", "3", "4", "5"]);
      const channel = await lab.channel();
      await channel.prefetch(2);
      const inbox = await consume(channel, queue);
      await inbox.count(2);
      await readyCount(channel, queue, 3);
      expect(bodiesOf(inbox.messages)).toEqual(["1", "2"]);
      channel.ack(inbox.messages[0] as never);
      await inbox.count(3);
      await readyCount(channel, queue, 2);
      channel.ack(inbox.messages[2] as never, true);
      expect(bodiesOf(await inbox.count(5))).toEqual(["1", "2", "3", "4", "5"]);
      expect(inbox.messages.map(({ fields }) => fields.deliveryTag)).toEqual([1, 2, 3, 4, 5]);
      channel.ackAll();
      await readyCount(channel, queue, 0);
    });

    it("consumers of a queue take turns", async () => {
      const queue = await filled(lab, type, []);
      const publisher = await lab.confirmChannel();
      const inboxes = [await consume(await lab.channel(), queue), await consume(await lab.channel(), queue)];
      for (const body of ["1", "2", "3", "4"]) await publish(publisher, { key: queue, body });
      for (const inbox of inboxes) await inbox.count(2);
      expect(inboxes.flatMap(({ messages }) => bodiesOf(messages)).sort()).toEqual(["1", "2", "3", "4"]);
    });

    it("nack and reject put back or throw away", async () => {
      const queue = await filled(lab, type, ["1", "2", "3"]);
      const channel = await lab.channel();
      const first = await getOne(channel, queue);
      expect(first.fields).toMatchObject({
        redelivered: false,
        exchange: "",
        routingKey: queue,
        messageCount: 2,
      });
      channel.nack(first, false, true);
      await readyCount(channel, queue, 3);
      const inbox = await consume(channel, queue);
      const returned = (await inbox.count(3)).find(({ content }) => content.toString() === "1");
      expect(returned?.fields.redelivered).toBe(true);
      channel.reject(returned as never, false);
      channel.nack(inbox.messages[2] as never, true, false);
      await channel.cancel(inbox.tag);
      await channel.recover();
      expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 0 });
    });

    it("what is not acknowledged comes back when its channel or connection ends, marked", async () => {
      const queue = await filled(lab, type, ["1", "2"]);
      const [holder, watcher] = [await lab.channel(), await lab.channel()];
      await (await consume(holder, queue)).count(2);
      await holder.close();
      await readyCount(watcher, queue, 2);
      const connection = await lab.connect();
      await (await consume(await lab.channel(connection), queue)).count(2);
      await connection.close();
      await readyCount(watcher, queue, 2);
      const again = await getOne(watcher, queue, { noAck: true });
      expect(again).toMatchObject({ fields: { redelivered: true }, content: Buffer.from("1") });
    });

    it("basic.recover puts back what the channel holds", async () => {
      const queue = await filled(lab, type, ["1", "2"]);
      const channel = await lab.channel();
      for (const _ of [1, 2]) await getOne(channel, queue);
      await channel.recover();
      await readyCount(channel, queue, 2);
      expect((await getOne(channel, queue)).fields.redelivered).toBe(true);
    });

    it("a cancelled consumer keeps what it has and gets no more", async () => {
      const queue = await filled(lab, type, ["1"]);
      const channel = await lab.confirmChannel();
      const inbox = await consume(channel, queue);
      const [message] = await inbox.count(1);
      await channel.cancel(inbox.tag);
      await publish(channel, { key: queue, body: "2" });
      await readyCount(channel, queue, 1);
      channel.ack(message as never);
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 1 });
      expect(inbox.messages).toHaveLength(1);
    });

    it("without acknowledgements everything is taken at once", async () => {
      const queue = await filled(lab, type, ["1", "2", "3"]);
      const channel = await lab.channel();
      await channel.prefetch(1);
      const inbox = await consume(channel, queue, { noAck: true });
      expect(bodiesOf(await inbox.count(3))).toEqual(["1", "2", "3"]);
      expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 0 });
    });

    it("the consumer of the highest priority comes first, while it can take more", async () => {
      const queue = await filled(lab, type, []);
      const publisher = await lab.confirmChannel();
      const low = await consume(await lab.channel(), queue, { arguments: { "x-priority": 1 } });
      const channel = await lab.channel();
      await channel.prefetch(2);
      const high = await consume(channel, queue, { arguments: { "x-priority": 5 } });
      for (const body of ["1", "2", "3"]) await publish(publisher, { key: queue, body });
      expect(bodiesOf(await low.count(1))).toEqual(["3"]);
      expect(bodiesOf(high.messages)).toEqual(["1", "2"]);
    });

    it("a single active consumer gets everything until it leaves", async () => {
      const publisher = await lab.confirmChannel();
      const queue = lab.name("single");
      const single = { "x-queue-type": type, "x-single-active-consumer": true };
      await publisher.assertQueue(queue, { durable: true, arguments: single });
      const channel = await lab.channel();
      const active = await consume(channel, queue, { noAck: true });
      const waiting = await consume(await lab.channel(), queue, { noAck: true });
      for (const body of ["1", "2"]) await publish(publisher, { key: queue, body });
      expect(bodiesOf(await active.count(2))).toEqual(["1", "2"]);
      await channel.cancel(active.tag);
      await publish(publisher, { key: queue, body: "3" });
      expect(bodiesOf(await waiting.count(1))).toEqual(["3"]);
    });

    it("a stream's offset is refused with 406", async () => {
      const queue = await filled(lab, type, []);
      const call = consume(await lab.channel(), queue, { arguments: { "x-stream-offset": "first" } });
      expect(await refusalOf(call)).toEqual({
        code: 406,
        text: expect.stringMatching(/^PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue/),
      });
    });

    it("a consumer that does not read holds up nobody else", async () => {
      const body = "x".repeat(100_000);
      const queue = await filled(lab, type, []);
      const stalled = await lab.connect();
      await consume(await lab.channel(stalled), queue);
      // amqplib's own socket: what it does not read fills the buffers of the kernel, then the server has to stop.
      const { stream } = stalled.connection as unknown as { stream: { pause(): void; resume(): void } };
      stream.pause();
      const reader = await lab.channel();
      await reader.prefetch(10);
      let taken = 0;
      await reader.consume(queue, (message) => {
        taken += 1;
        if (message !== null) reader.ack(message);
      });
      const publisher = await lab.confirmChannel();
      for (let round = 0; round < 20; round += 1) {
        await Promise.all(Array.from({ length: 10 }, () => publish(publisher, { key: queue, body })));
      }
      await eventually(
        () => taken,
        (count) => count >= 50,
      );
      stream.resume();
    });
  });
}

export function describeConsumeErrors(lab: Lab): void {
  describe("basic.consume, basic.get and acknowledgements", () => {
    it("a tag that is in use closes the connection with 530", async () => {
      const queue = await filled(lab, "classic", []);
      const connection = await lab.connect();
      const channel = await lab.channel(connection);
      await consume(channel, queue, { consumerTag: "mine" });
      consume(channel, queue, { consumerTag: "mine" }).catch(() => {});
      expect(await failureOf(connection)).toEqual({
        code: 530,
        text: expect.stringMatching(/^NOT_ALLOWED - attempt to reuse consumer tag 'mine'/),
      });
    });

    it("an exclusive consumer locks others out of a classic queue with 403", async () => {
      const queue = await filled(lab, "classic", []);
      const channel = await lab.channel();
      const inbox = await consume(channel, queue, { exclusive: true });
      const refused = {
        code: 403,
        text: expect.stringMatching(/^ACCESS_REFUSED - queue '.*' in vhost '\/' in exclusive use/),
      };
      expect(await refusalOf(consume(await lab.channel(), queue))).toEqual(refused);
      await channel.cancel(inbox.tag);
      await consume(await lab.channel(), queue);
      expect(await refusalOf(consume(await lab.channel(), queue, { exclusive: true }))).toEqual(refused);
    });

    it("an exclusive consumer of a classic queue with a single active consumer is refused with 403", async () => {
      const queue = lab.name("single");
      const single = { "x-queue-type": "classic", "x-single-active-consumer": true };
      await (await lab.channel()).assertQueue(queue, { durable: true, arguments: single });
      const call = consume(await lab.channel(), queue, { exclusive: true });
      expect(await refusalOf(call)).toMatchObject({ code: 403 });
    });

    it("two channels may use the same tag, and to cancel an unknown one is no error", async () => {
      const queue = await filled(lab, "classic", []);
      const connection = await lab.connect();
      for (const _ of [1, 2]) await consume(await lab.channel(connection), queue, { consumerTag: "mine" });
      const channel = await lab.channel(connection);
      expect(await channel.cancel("unknown")).toEqual({ consumerTag: "unknown" });
    });

    it("a tag is made up where none is given", async () => {
      const queue = await filled(lab, "classic", []);
      expect((await consume(await lab.channel(), queue)).tag).toMatch(/^amq\.ctag-/);
    });

    it.each(["ack", "nack", "reject"] as const)(
      "%s of an unknown delivery is refused with 406",
      async (how) => {
        const queue = await filled(lab, "classic", ["1"]);
        const channel = await lab.channel();
        const message = await getOne(channel, queue);
        channel.ack(message);
        channel[how](message);
        expect(await failureOf(channel)).toEqual({
          code: 406,
          text: "PRECONDITION_FAILED - unknown delivery tag 1",
        });
      },
    );

    it("a missing queue is refused with 404, an empty one is empty", async () => {
      const missing = lab.name("missing");
      const text = `NOT_FOUND - no queue '${missing}' in vhost '/'`;
      expect(await refusalOf(consume(await lab.channel(), missing))).toEqual({ code: 404, text });
      expect(await refusalOf((await lab.channel()).get(missing))).toEqual({ code: 404, text });
      expect(await (await lab.channel()).get(await filled(lab, "classic", []))).toBe(false);
    });

    it("recover without requeue is refused with 540", async () => {
      const client = await RawAmqp.login(lab.server);
      client.send(method(1, "recover", Buffer.from([0])));
      expect(await client.readClose()).toMatchObject({
        code: 540,
        text: expect.stringMatching(/^NOT_IMPLEMENTED/),
      });
      client.close();
    });
  });

  describe("basic.qos", () => {
    it("a prefetch with global set counts for each consumer too", async () => {
      const queue = await filled(lab, "classic", ["1", "2", "3", "4", "5", "6", "7"]);
      const channel = await lab.channel();
      await channel.prefetch(3, true);
      await consume(channel, queue);
      await readyCount(await lab.channel(), queue, 4);
      await consume(channel, queue);
      await readyCount(await lab.channel(), queue, 1);
      channel.ackAll();
      await readyCount(await lab.channel(), queue, 0);
    });

    it("a changed prefetch counts for consumers that come later", async () => {
      const queue = await filled(lab, "classic", ["1", "2", "3", "4"]);
      const channel = await lab.channel();
      await channel.prefetch(1);
      await consume(channel, queue);
      await channel.prefetch(2);
      await consume(channel, queue);
      await readyCount(await lab.channel(), queue, 1);
    });
  });
}
