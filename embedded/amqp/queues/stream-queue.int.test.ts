import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Queue, QueueArguments } from "./queue.js";
import { Bench, messageOf, TestConsumer } from "./testing/queue-bench.js";

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `${from + index}`);

describe("a stream", () => {
  let bench: Bench;
  let stream: Queue;
  const open = (given: QueueArguments = {}) => bench.open({ kind: "stream", arguments: given });

  async function publish(bodies: readonly string[]): Promise<void> {
    for (const body of bodies)
      expect(await stream.publish(messageOf(body), { persistent: true })).toBe("stored");
  }

  async function read(offset: unknown, count: number): Promise<TestConsumer> {
    const consumer = new TestConsumer({ given: { "x-stream-offset": offset } });
    const subscription = stream.subscribe(consumer);
    await expect.poll(() => consumer.got.length).toBeGreaterThanOrEqual(count);
    subscription.cancel();
    return consumer;
  }

  beforeEach(async () => {
    bench = await Bench.create();
    stream = await open();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await bench.dispose();
  });

  it("gives every consumer all of it, with offsets, before and after a restart", async () => {
    await publish(numbers(0, 100));
    const first = await read("first", 100);
    expect(first.bodies).toEqual(numbers(0, 100));
    expect(first.got.map(({ streamOffset }) => streamOffset)).toEqual(numbers(0, 100).map(Number));
    await bench.restart();
    stream = await open();
    await publish(["100"]);
    expect((await read("first", 101)).bodies).toEqual(numbers(0, 101));
    expect(stream.readyCount).toBe(101);
  });

  it("begins where the consumer asks", async () => {
    await publish(numbers(0, 40));
    expect((await read("last", 1)).bodies).toEqual(["39"]);
    expect((await read(35, 5)).bodies).toEqual(numbers(35, 40));
    expect((await read("1h", 40)).bodies).toEqual(numbers(0, 40));
    const next = new TestConsumer();
    stream.subscribe(next);
    await publish(["40"]);
    await expect.poll(() => next.bodies).toEqual(["40"]);
  });

  it("begins at a time", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000_000 });
    await publish(numbers(0, 20));
    vi.setSystemTime(1_000_060_000);
    await publish(numbers(20, 40));
    expect((await read(new Date(1_000_030_000), 20)).bodies).toEqual(numbers(20, 40));
    expect((await read({ "!": "timestamp", value: 1_000_030 }, 20)).bodies).toEqual(numbers(20, 40));
    expect((await read("30s", 20)).bodies).toEqual(numbers(20, 40));
  });

  it("refuses offsets that it cannot read, deliveries without acks, get and purge", async () => {
    const subscribe = (given: QueueArguments, noAck = false) =>
      stream.subscribe(new TestConsumer({ given, noAck }));
    expect(() => subscribe({ "x-stream-offset": "yesterday" })).toThrow(
      expect.objectContaining({ code: "PRECONDITION_FAILED" }),
    );
    expect(() => subscribe({ "x-stream-offset": -1 })).toThrow(
      expect.objectContaining({ code: "PRECONDITION_FAILED" }),
    );
    expect(() => subscribe({}, true)).toThrow(expect.objectContaining({ code: "NOT_IMPLEMENTED" }));
    await expect(stream.get(true)).rejects.toMatchObject({ code: "NOT_IMPLEMENTED" });
    await expect(stream.purge()).rejects.toMatchObject({ code: "NOT_IMPLEMENTED" });
  });

  it("delivers on credit, which acks give back", async () => {
    await publish(numbers(0, 10));
    const consumer = new TestConsumer({ credit: 3, given: { "x-stream-offset": "first" } });
    stream.subscribe(consumer);
    await expect.poll(() => consumer.bodies).toEqual(numbers(0, 3));
    stream.ack(consumer.got.map(({ deliveryId }) => deliveryId));
    expect(stream.unackedCount).toBe(0);
    consumer.credit = 4;
    stream.resume();
    await expect.poll(() => consumer.bodies).toEqual(numbers(0, 7));
  });

  it("drops whole segments by size and by age, and goes on behind them", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000_000 });
    await publish(numbers(0, 200));
    stream.setArguments({ "x-max-length-bytes": 3000 });
    await expect.poll(() => stream.readyCount).toBeLessThan(80);
    const kept = await read("first", stream.readyCount);
    expect(kept.bodies).toEqual(numbers(200 - stream.readyCount, 200));
    expect((await read(5, stream.readyCount)).bodies).toEqual(kept.bodies);
    vi.setSystemTime(1_000_000_000 + 8 * 24 * 3600 * 1000);
    stream.setArguments({ "x-max-age": "7D" });
    await expect.poll(() => stream.readyCount).toBeLessThan(20);
    await publish(["200"]);
    await bench.restart();
    stream = await open();
    expect((await read("last", 1)).got[0]?.streamOffset).toBe(200);
  });

  it("gives messages that are larger than what is read at once", async () => {
    const large = "x".repeat(600_000);
    await publish(["0", large, "2"]);
    expect((await read("first", 3)).bodies).toEqual(["0", large, "2"]);
  });
});
