import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Queue } from "./queue.js";
import { Bench, messageOf, TestConsumer } from "./testing/queue-bench.js";

describe("a queue", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await Bench.create();
  });
  afterEach(() => bench.dispose());

  async function publish(queue: Queue, bodies: readonly string[], expirationMs?: number): Promise<string[]> {
    const options = { persistent: true, expirationMs };
    return Promise.all(bodies.map((body) => queue.publish(messageOf(body), options)));
  }

  it("takes turns between its consumers, the higher priority first", async () => {
    const queue = await bench.open({});
    const [a, b] = [new TestConsumer(), new TestConsumer()];
    const first = new TestConsumer({ credit: 2, given: { "x-priority": 5 } });
    for (const consumer of [a, b, first]) queue.subscribe(consumer);
    await publish(queue, ["1", "2", "3", "4", "5", "6"]);
    await expect
      .poll(() => [a.bodies, b.bodies, first.bodies])
      .toEqual([
        ["3", "5"],
        ["4", "6"],
        ["1", "2"],
      ]);
    expect([queue.readyCount, queue.unackedCount, queue.consumerCount]).toEqual([0, 6, 3]);
  });

  it("gives a single active consumer everything until it leaves", async () => {
    const queue = await bench.open({ arguments: { "x-single-active-consumer": true } });
    const [a, b] = [new TestConsumer(), new TestConsumer()];
    const subscription = queue.subscribe(a);
    queue.subscribe(b);
    await publish(queue, ["1", "2"]);
    await expect.poll(() => a.bodies).toEqual(["1", "2"]);
    subscription.cancel();
    await publish(queue, ["3"]);
    await expect.poll(() => b.bodies).toEqual(["3"]);
  });

  it("lets an exclusive consumer be alone", async () => {
    const queue = await bench.open({});
    const subscription = queue.subscribe(new TestConsumer({ exclusive: true }));
    expect(() => queue.subscribe(new TestConsumer())).toThrow(
      expect.objectContaining({ code: "ACCESS_REFUSED" }),
    );
    subscription.cancel();
    queue.subscribe(new TestConsumer());
    expect(() => queue.subscribe(new TestConsumer({ exclusive: true }))).toThrow("exclusive");
  });

  it("refuses what does not fit under reject-publish, by count and by bytes", async () => {
    const counted = await bench.open({ arguments: { "x-max-length": 2, "x-overflow": "reject-publish" } });
    expect(await publish(counted, ["1", "2", "3"])).toEqual(["stored", "stored", "rejected"]);
    const weighed = await bench.open({ name: "w", arguments: { "x-max-length-bytes": 10 } });
    await publish(weighed, ["12345", "12345", "123"]);
    expect(weighed.readyCount).toBe(2);
  });

  it("delivers with a time to live of 0 only to who waits", async () => {
    const queue = await bench.open({ arguments: { "x-message-ttl": 0, "x-dead-letter-exchange": "dlx" } });
    await publish(queue, ["nobody"]);
    await expect.poll(() => bench.deadLetters).toEqual(["nobody expired"]);
    const consumer = new TestConsumer();
    queue.subscribe(consumer);
    await publish(queue, ["somebody"]);
    await expect.poll(() => consumer.bodies).toEqual(["somebody"]);
  });

  it("has dead letters leave in order once that begins, and keeps the others ready until there is room", async () => {
    await bench.store.close();
    await bench.start(false);
    const queue = await bench.open({ arguments: { "x-message-ttl": 0, "x-dead-letter-exchange": "dlx" } });
    const bodies = Array.from({ length: 300 }, (_, index) => `${index}`);
    await publish(queue, bodies);
    expect([queue.readyCount, bench.deadLetters]).toEqual([300 - 256, []]);
    bench.store.start();
    await expect
      .poll(() => bench.deadLetters, { timeout: 20_000 })
      .toEqual(bodies.map((body) => `${body} expired`));
  });

  it("expires on its own, messages at the head and itself when unused", async () => {
    const queue = await bench.open({ arguments: { "x-expires": 60, "x-dead-letter-exchange": "dlx" } });
    await publish(queue, ["a"], 20);
    await expect.poll(() => bench.deadLetters).toEqual(["a expired"]);
    await expect.poll(() => bench.expired).toEqual(["q"]);
  });

  it("spills transient messages when memory is full, and forgets them at the next start", async () => {
    const queue = await bench.open({});
    const bodies = Array.from({ length: 50 }, (_, index) => `${index}`.padEnd(100, "."));
    await Promise.all(bodies.map((body) => queue.publish(messageOf(body), { persistent: false })));
    const consumer = new TestConsumer({ noAck: true, credit: 30 });
    queue.subscribe(consumer);
    await expect.poll(() => consumer.bodies).toEqual(bodies.slice(0, 30));
    await bench.restart();
    expect((await bench.open({})).readyCount).toBe(0);
  });

  it("keeps nothing of a transient queue, nor of a deleted one whose name is used again at once", async () => {
    await publish(await bench.open({ durable: false, name: "t" }), ["a".repeat(2000)]);
    const old = await bench.open({});
    await publish(old, ["a", "b"]);
    const consumer = new TestConsumer({ credit: 0 });
    old.subscribe(consumer);
    const deleted = old.delete();
    const queue = await bench.open({});
    expect([await deleted, consumer.isCancelled, queue.readyCount]).toEqual([2, true, 0]);
    await publish(queue, ["c"]);
    await bench.restart();
    expect([
      (await bench.open({})).readyCount,
      (await bench.open({ durable: false, name: "t" })).readyCount,
    ]).toEqual([1, 0]);
  });

  it("delivers messages that are larger than the cache", async () => {
    const queue = await bench.open({});
    const large = "x".repeat(400_000);
    await publish(queue, [large, "small", large]);
    const consumer = new TestConsumer();
    queue.subscribe(consumer);
    await expect.poll(() => consumer.bodies).toEqual([large, "small", large]);
  });
});
