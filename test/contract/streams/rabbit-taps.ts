import { describe, expect, it } from "vitest";
import { createMerge } from "../../../cli/streams/merge.js";
import { openRabbitTap } from "../../../cli/streams/rabbit-source.js";
import type { Lane, StreamSource } from "../../../cli/streams/source.js";
import { auditStream, deadLetterExchange, ordersExchange, toBroker } from "../../../contracts/topology.js";
import { eventually, readyCount } from "../amqp/lab.js";
import { type Bench, bodiesOf, numbered, publishAll, received } from "./rabbit-bench.js";

/** The same source, heard by its pushes. */
function watchPushes(source: StreamSource, pushed: (count: number) => void): StreamSource {
  return {
    name: source.name,
    close: () => source.close(),
    open: (sink, start, signal) => {
      const watched = (lane: Lane): Lane => ({
        ...lane,
        push: (records) => {
          pushed(records.length);
          return lane.push(records);
        },
      });
      return source.open({ ...sink, lane: (options) => watched(sink.lane(options)) }, start, signal);
    },
  };
}

export function describeRabbitTaps(bench: Bench): void {
  const { lab } = bench;
  const open = (name: string, what?: "exchange" | "queue") =>
    openRabbitTap({ broker: bench.broker, name, ...(what === undefined ? {} : { what }) });

  /** An exchange with a queue of somebody's. */
  async function makeExchange(type: string, key: string, given: Readonly<Record<string, unknown>> = {}) {
    const channel = await lab.confirmChannel();
    const exchange = lab.name(type);
    const { queue } = await channel.assertQueue(lab.name("queue"), { durable: true });
    await channel.assertExchange(exchange, type, given);
    await channel.bindQueue(queue, exchange, key);
    return { channel, exchange, queue };
  }

  describe("a tap on an exchange", () => {
    it.each([
      { type: "direct", key: "a.key" },
      { type: "topic", key: "a.*" },
      { type: "fanout", key: "" },
      { type: "headers", key: "" },
    ])("$type: shows what passes from now on, and takes none of it", async ({ type, key }) => {
      const { channel, exchange, queue } = await makeExchange(type, key);
      await publishAll(channel, { exchange, key: "a.key" }, ["before"]);
      const collector = await bench.open(open(exchange), { last: 10 });
      expect(collector.info).toMatchObject({
        history: "none",
        describe: expect.stringContaining("live only"),
      });
      await publishAll(channel, { exchange, key: "a.key" }, numbered("", 100));
      expect(await received(collector, 100)).toEqual(numbered("", 100));
      expect(collector.records[0]).toMatchObject({
        kind: "exchange",
        stream: exchange,
        exchange,
        key: "a.key",
      });
      await readyCount(channel, queue, 101);
    });

    it.each(["topic", "fanout", "headers"])("%s: shows also what goes to nobody else", async (type) => {
      const channel = await lab.confirmChannel();
      const exchange = lab.name(type);
      await channel.assertExchange(exchange, type);
      const collector = await bench.open(open(exchange), "now");
      await publishAll(channel, { exchange, key: "any.key" }, ["seen"]);
      expect(await received(collector, 1)).toEqual(["seen"]);
    });

    it("direct: takes up a key that somebody binds later", async () => {
      const { channel, exchange, queue } = await makeExchange("direct", "one");
      const collector = await bench.open(open(exchange), "now");
      await channel.bindQueue(queue, exchange, "two");
      await eventually(
        async () => {
          await publishAll(channel, { exchange, key: "two" }, ["late"]);
          return collector.records.length;
        },
        (length) => length > 0,
      );
      expect(collector.records[0]).toMatchObject({ key: "two" });
    });

    it("leaves to an alternate exchange what goes there", async () => {
      const channel = await lab.confirmChannel();
      const [alternate, exchange] = [lab.name("alternate"), lab.name("topic")];
      const { queue } = await channel.assertQueue(lab.name("unrouted"), { durable: true });
      await channel.assertExchange(alternate, "fanout");
      await channel.bindQueue(queue, alternate, "");
      await channel.assertExchange(exchange, "topic", { alternateExchange: alternate });
      const collector = await bench.open(open(exchange), "now");
      await publishAll(channel, { exchange, key: "nobody" }, ["unrouted"]);
      await readyCount(channel, queue, 1);
      expect(collector.records).toEqual([]);
    });

    it("does not end an auto-delete exchange that nobody is bound to yet", async () => {
      const channel = await lab.confirmChannel();
      const exchange = lab.name("fanout");
      await channel.assertExchange(exchange, "fanout", { autoDelete: true });
      const source = open(exchange);
      await bench.open(source, "now");
      await bench.close(source);
      await channel.checkExchange(exchange);
    });

    it("drops what a slow sink does not take, says how much, and loses nothing else", async () => {
      const { channel, exchange } = await makeExchange("fanout", "");
      const total = 40_000;
      let [arrived, emitted, dropped] = [0, 0, 0];
      let goOn = () => {};
      const slow = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const merge = createMerge({
        start: "now",
        emit: (records) => {
          emitted += records.length;
          return slow;
        },
        dropped: (count) => {
          dropped += count;
        },
      });
      const source = open(exchange);
      await merge.add(
        watchPushes(source, (count) => {
          arrived += count;
        }),
        new AbortController().signal,
      );
      await publishAll(channel, { exchange, key: "" }, numbered("", total));
      await eventually(
        () => arrived,
        (count) => count === total,
      );
      expect(emitted).toBeLessThan(5000);
      goOn();
      await eventually(
        () => emitted + dropped,
        (count) => count === total,
      );
      expect(dropped).toBeGreaterThan(10_000);
      await bench.close(source);
    });
  });

  describe("a tap on a queue", () => {
    it("shows what its bindings bring, and takes none of it", async () => {
      const { channel, exchange, queue } = await makeExchange("topic", "orders.#");
      const collector = await bench.open(open(queue), "now");
      await publishAll(channel, { exchange, key: "orders.new", headers: { nested: { list: [1] } } }, [
        "mine",
      ]);
      await publishAll(channel, { exchange, key: "quotes.new" }, ["not mine"]);
      await publishAll(channel, { exchange, key: "orders.old" }, ["mine too"]);
      expect(await received(collector, 2)).toEqual(["mine", "mine too"]);
      expect(collector.records[0]).toMatchObject({
        kind: "queue",
        stream: queue,
        exchange,
        key: "orders.new",
        headers: { nested: '{"list":[1]}' },
      });
      await readyCount(channel, queue, 2);
    });

    it("of the dead letters shows those that come", async () => {
      const channel = await lab.confirmChannel();
      const collector = await bench.open(open(toBroker.deadLetterQueue), "now");
      await publishAll(channel, { exchange: deadLetterExchange, key: toBroker.routingKey }, ["dead"]);
      expect(await received(collector, 1)).toEqual(["dead"]);
      await channel.purgeQueue(toBroker.deadLetterQueue);
    });

    it("says of one without bindings that only the firehose shows it", async () => {
      const channel = await lab.confirmChannel();
      const { queue } = await channel.assertQueue(lab.name("queue"), { durable: true });
      const collector = await bench.open(open(queue), "now");
      expect(collector.info.describe).toContain("--firehose");
    });

    it("that is a stream reads it, with its past", async () => {
      const channel = await lab.confirmChannel();
      const queue = lab.name("stream");
      await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "stream" } });
      await publishAll(channel, { key: queue }, ["past"]);
      const collector = await bench.open(open(queue), "beginning");
      expect(await received(collector, 1)).toEqual(["past"]);
      expect(collector.records[0]).toMatchObject({ kind: "stream" });
    });
  });

  describe("a tap that cannot be", () => {
    it("names what is nearest", async () => {
      await expect(bench.open(open("exchange.broker.order"), "now")).rejects.toMatchObject({
        code: "rabbitmq.unknown-name",
        exitCode: 2,
        hint: expect.stringContaining(ordersExchange),
      });
      await expect(bench.open(open(auditStream, "exchange"), "now")).rejects.toMatchObject({
        code: "rabbitmq.unknown-name",
      });
    });

    it("says that the management API is missing", async () => {
      const { management: _, ...broker } = bench.broker;
      const source = openRabbitTap({ broker, name: ordersExchange });
      await expect(bench.open(source, "now")).rejects.toMatchObject({
        code: "rabbitmq.no-management",
        exitCode: 2,
      });
    });

    it("takes only what an exchange and not a queue of the same name has, as it was asked", async () => {
      const { channel, exchange } = await makeExchange("fanout", "");
      await channel.assertQueue(exchange, { durable: true });
      const collectors = await Promise.all([
        bench.open(open(exchange), "now"),
        bench.open(open(exchange, "queue"), "now"),
      ]);
      await publishAll(channel, { exchange, key: "" }, ["by exchange"]);
      expect(await received(collectors[0], 1)).toEqual(["by exchange"]);
      expect(bodiesOf(collectors[1])).toEqual([]);
    });
  });
}
