import type { ConfirmChannel } from "amqplib";
import { describe, expect, it } from "vitest";
import { bodiesOf, consume, eventually, failureOf, getOne, type Lab, publish, readyCount } from "./lab.js";

const queueTypes = ["classic", "quorum"] as const;

export function describeLimits(lab: Lab): void {
  describe.each(queueTypes)("limits of a %s queue", (type) => {
    const declare = async (channel: ConfirmChannel, limits: Readonly<Record<string, unknown>>) => {
      const queue = lab.name("limited");
      await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": type, ...limits } });
      return queue;
    };

    it("a message expires by the queue's time to live", async () => {
      const channel = await lab.confirmChannel();
      const queue = await declare(channel, { "x-message-ttl": 50 });
      await publish(channel, { key: queue });
      await readyCount(channel, queue, 0);
      expect(await channel.get(queue)).toBe(false);
    });

    it("a message expires by its own time to live, the shorter one counts", async () => {
      const channel = await lab.confirmChannel();
      const queue = await declare(channel, { "x-message-ttl": 60_000 });
      await publish(channel, { key: queue, body: "short", expiration: 50 });
      await publish(channel, { key: queue, body: "long", expiration: 600_000 });
      await readyCount(channel, queue, 1);
      expect((await getOne(channel, queue, { noAck: true })).content.toString()).toBe("long");
    });

    it("a message with time to live 0 is for a consumer that is there", async () => {
      const channel = await lab.confirmChannel();
      const queue = await declare(channel, {});
      await publish(channel, { key: queue, body: "early", expiration: 0 });
      await readyCount(channel, queue, 0);
      const inbox = await consume(channel, queue, { noAck: true });
      await publish(channel, { key: queue, body: "in time", expiration: 0 });
      expect(bodiesOf(await inbox.count(1))).toEqual(["in time"]);
    });

    it("a queue that nobody uses expires", async () => {
      const channel = await lab.confirmChannel();
      const queue = await declare(channel, { "x-expires": 100 });
      await eventually(
        () => isGone(channel, queue),
        (gone) => gone,
      );
    });

    it("a queue that is consumed from does not expire", async () => {
      const channel = await lab.confirmChannel();
      const queue = await declare(channel, { "x-expires": 200 });
      const inbox = await consume(channel, queue, { noAck: true });
      // Declared later and for a longer time: when it is gone the other one would be.
      const witness = await declare(channel, { "x-expires": 400 });
      await eventually(
        () => isGone(channel, witness),
        (gone) => gone,
      );
      await publish(channel, { key: queue, body: "here" });
      expect(bodiesOf(await inbox.count(1))).toEqual(["here"]);
    });

    it("max-length drops the oldest", async () => {
      const channel = await lab.confirmChannel();
      const queue = await declare(channel, { "x-max-length": 3 });
      for (const body of ["1", "2", "3", "4", "5"])
        expect(await publish(channel, { key: queue, body })).toBe("ack");
      await readyCount(channel, queue, 3);
      const inbox = await consume(channel, queue, { noAck: true });
      expect(bodiesOf(await inbox.count(3))).toEqual(["3", "4", "5"]);
    });

    it("max-length-bytes counts bodies", async () => {
      const channel = await lab.confirmChannel();
      const queue = await declare(channel, { "x-max-length-bytes": 250 });
      for (const _ of [1, 2, 3]) await publish(channel, { key: queue, body: "x".repeat(100) });
      await readyCount(channel, queue, 2);
    });

    it("reject-publish says no to the publisher and keeps what is there", async () => {
      const channel = await lab.confirmChannel();
      const queue = await declare(channel, { "x-max-length": 2, "x-overflow": "reject-publish" });
      const answers = [];
      // A quorum queue may take one more or two before it says no.
      for (let index = 0; index < 6; index += 1)
        answers.push(await publish(channel, { key: queue, body: String(index) }));
      expect(answers.slice(0, 2)).toEqual(["ack", "ack"]);
      expect(answers.at(-1)).toBe("nack");
      expect(answers.filter((answer) => answer === "ack").length).toBe(
        (await channel.checkQueue(queue)).messageCount,
      );
      expect((await getOne(channel, queue, { noAck: true })).content.toString()).toBe("0");
    });
  });

  it.each(["soon", "-5", "99999999999999"])("the expiration '%s' is refused with 406", async (expiration) => {
    const channel = await lab.channel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    channel.sendToQueue(queue, Buffer.from(""), { expiration });
    expect(await failureOf(channel)).toEqual({
      code: 406,
      text: expect.stringContaining(`PRECONDITION_FAILED - invalid expiration '${expiration}'`),
    });
  });
}

/** Asked by a mandatory publish, which is no use of the queue: queue.declare, passive too, begins its time anew. */
async function isGone(channel: ConfirmChannel, queue: string): Promise<boolean> {
  let returned = false;
  channel.once("return", () => {
    returned = true;
  });
  await publish(channel, { key: queue, mandatory: true });
  channel.removeAllListeners("return");
  return returned;
}
