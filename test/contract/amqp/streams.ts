import type { ConfirmChannel } from "amqplib";
import { describe, expect, it } from "vitest";
import { bodiesOf, consume, eventually, failureOf, type Inbox, type Lab, publish, refusalOf } from "./lab.js";

/** A stream of its own with these messages. */
async function filled(lab: Lab, bodies: readonly string[], args: Readonly<Record<string, unknown>> = {}) {
  const channel = await lab.confirmChannel();
  const queue = lab.name("stream");
  await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "stream", ...args } });
  await Promise.all(bodies.map((body) => publish(channel, { key: queue, body })));
  return { channel, queue };
}

async function read(lab: Lab, queue: string, offset?: unknown): Promise<Inbox> {
  const channel = await lab.channel();
  await channel.prefetch(100);
  return consume(channel, queue, offset === undefined ? {} : { arguments: { "x-stream-offset": offset } });
}

function offsetsOf({ messages }: Inbox): unknown[] {
  return messages.map(({ properties }) => properties.headers?.["x-stream-offset"]);
}

export function describeStreams(lab: Lab): void {
  describe("where reading a stream begins", () => {
    const timestamp = (seconds: number) => ({ "!": "timestamp", value: seconds });
    const beginnings = [
      { offset: "first", begins: "0" },
      { offset: 0, begins: "0" },
      { offset: 2, begins: "2" },
      { offset: timestamp(0), begins: "0" },
      { offset: "1h", begins: "0" },
      { offset: timestamp(Math.floor(Date.now() / 1000) + 3600), begins: "later" },
      { offset: "next", begins: "later" },
      { offset: undefined, begins: "later" },
    ];

    it.each(beginnings)("$offset: at $begins", async ({ offset, begins }) => {
      const { channel, queue } = await filled(lab, ["0", "1", "2", "3"]);
      const inbox = await read(lab, queue, offset);
      await publish(channel, { key: queue, body: "later" });
      await inbox.count(1);
      expect(inbox.messages[0]?.content.toString()).toBe(begins);
      const all = ["0", "1", "2", "3", "later"];
      const expected = all.slice(all.indexOf(begins));
      expect(bodiesOf(await inbox.count(expected.length))).toEqual(expected);
      expect(offsetsOf(inbox)).toEqual(expected.map((body) => all.indexOf(body)));
    });

    it("last: with the last chunk, which ends with the last message", async () => {
      const { channel, queue } = await filled(lab, ["0", "1", "2", "3"]);
      const inbox = await read(lab, queue, "last");
      await publish(channel, { key: queue, body: "later" });
      await eventually(
        () => bodiesOf(inbox.messages).at(-1),
        (body) => body === "later",
      );
      expect(bodiesOf(inbox.messages).slice(-2)).toEqual(["3", "later"]);
    });

    it("an offset that is none is refused with 406", async () => {
      const { queue } = await filled(lab, []);
      expect(await refusalOf(read(lab, queue, "nonsense"))).toEqual({
        code: 406,
        text: expect.stringMatching(/^PRECONDITION_FAILED - invalid arg 'x-stream-offset'/),
      });
    });
  });

  describe("reading a stream", () => {
    it("takes nothing: every reader gets everything, as often as it likes", async () => {
      const { queue } = await filled(lab, ["0", "1"]);
      for (const _ of [1, 2]) {
        const inbox = await read(lab, queue, "first");
        const messages = await inbox.count(2);
        expect(bodiesOf(messages)).toEqual(["0", "1"]);
        expect(messages.map(({ fields }) => fields.redelivered)).toEqual([false, false]);
      }
    });

    it("the prefetch bounds it; ack, nack and reject give credit alike", async () => {
      const bodies = Array.from({ length: 30 }, (_, index) => String(index));
      const { queue } = await filled(lab, bodies);
      const channel = await lab.channel();
      await channel.prefetch(2);
      const received: string[] = [];
      const settle = [
        channel.ack.bind(channel),
        (message: never) => channel.nack(message, false, true),
        (message: never) => channel.reject(message, false),
      ];
      const done = new Promise<void>((resolve) => {
        const options = { arguments: { "x-stream-offset": "first" } };
        void channel.consume(queue, onMessage, options);
        function onMessage(message: unknown): void {
          received.push((message as { content: Buffer }).content.toString());
          settle[received.length % settle.length]?.(message as never);
          if (received.length === bodies.length) resolve();
        }
      });
      await done;
      expect(received).toEqual(bodies);
    });

    it("wants a prefetch (406) and acknowledgements (540)", async () => {
      const { queue } = await filled(lab, []);
      expect(await refusalOf(consume(await lab.channel(), queue))).toEqual({
        code: 406,
        text: `PRECONDITION_FAILED - consumer prefetch count is not set for stream queue '${queue}' in vhost '/'`,
      });
      const connection = await lab.connect();
      const channel = await lab.channel(connection);
      await channel.prefetch(10);
      consume(channel, queue, { noAck: true }).catch(() => {});
      expect(await failureOf(connection)).toMatchObject({
        code: 540,
        text: expect.stringMatching(
          /^NOT_IMPLEMENTED - automatic acknowledgement not supported by stream queue/,
        ),
      });
    });

    it("knows no consumer priority (406)", async () => {
      const { queue } = await filled(lab, []);
      const channel = await lab.channel();
      await channel.prefetch(10);
      expect(await refusalOf(consume(channel, queue, { arguments: { "x-priority": 1 } }))).toMatchObject({
        code: 406,
        text: expect.stringMatching(/^PRECONDITION_FAILED - invalid arg 'x-priority' for queue/),
      });
    });

    it.each(["get", "purgeQueue"] as const)(
      "%s is refused with 540, which closes the connection",
      async (call) => {
        const { queue } = await filled(lab, []);
        const connection = await lab.connect();
        const channel: { [name in typeof call]: (queue: string) => Promise<unknown> } =
          await lab.channel(connection);
        channel[call](queue).catch(() => {});
        expect(await failureOf(connection)).toMatchObject({
          code: 540,
          text: expect.stringMatching(/^NOT_IMPLEMENTED - .* not supported by stream queue/),
        });
      },
    );
  });

  describe("keeping a stream short", () => {
    it("whole segments go from its beginning once it is over its size", async () => {
      const limits = { "x-max-length-bytes": 100_000, "x-stream-max-segment-size-bytes": 50_000 };
      const { channel, queue } = await filled(lab, [], limits);
      await publishMany(channel, queue);
      // RabbitMQ looks at its limits when a segment is full.
      const inbox = await read(lab, queue, "first");
      await inbox.count(1);
      expect(Number(offsetsOf(inbox)[0])).toBeGreaterThan(0);
      await publish(channel, { key: queue, body: "last" });
      const next = await read(lab, queue, "last");
      await next.count(1);
    });

    it("arguments are compared as those of any queue", async () => {
      const { queue } = await filled(lab, [], { "x-max-age": "7D" });
      const other = { "x-queue-type": "stream", "x-max-age": "1D" };
      const call = (await lab.channel()).assertQueue(queue, { durable: true, arguments: other });
      expect(await refusalOf(call)).toMatchObject({
        code: 406,
        text: expect.stringContaining("inequivalent arg 'x-max-age'"),
      });
    });
  });
}

/** 400 kB, a message at a time, so that no chunk is larger than a segment. */
async function publishMany(channel: ConfirmChannel, queue: string): Promise<void> {
  for (let index = 0; index < 80; index += 1) await publish(channel, { key: queue, body: "x".repeat(5000) });
}
