import { describe, expect, it } from "vitest";
import { openRabbitStream } from "../../../cli/streams/rabbit-source.js";
import { auditStream, deadLetterExchange, ordersExchange, toExchange } from "../../../contracts/topology.js";
import { eventually, type Lab } from "../amqp/lab.js";
import { type Bench, bodiesOf, caughtUp, numbered, publishAll, received } from "./rabbit-bench.js";

async function makeStream(lab: Lab, bodies: readonly (string | Buffer)[] = []) {
  const channel = await lab.confirmChannel();
  const queue = lab.name("stream");
  await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "stream" } });
  await publishAll(channel, { key: queue }, bodies);
  return { channel, queue };
}

export function describeRabbitStreams(bench: Bench): void {
  const { lab } = bench;
  const open = (queue: string) => openRabbitStream({ broker: bench.broker, queue });

  describe("a stream", () => {
    it.each([
      { start: { last: 10 }, past: numbered("", 5000).slice(-10) },
      { start: { last: 0 }, past: [] },
      { start: { last: 10_000 }, past: numbered("", 5000) },
      { start: "beginning", past: numbered("", 5000) },
      { start: "now", past: [] },
      { start: { sinceMs: 0 }, past: numbered("", 5000) },
    ] as const)("from $start: the past, then what comes", async ({ start, past }) => {
      const { channel, queue } = await makeStream(lab, numbered("", 5000));
      const collector = await bench.open(open(queue), start);
      expect(await caughtUp(collector)).toEqual(past);
      await publishAll(channel, { key: queue }, ["live"]);
      expect(await received(collector, past.length + 1)).toEqual([...past, "live"]);
      expect(collector.info).toMatchObject({ history: { records: expect.any(Number) } });
      expect(collector.problems).toEqual([]);
    });

    it.each(["beginning", "now", { last: 3 }, { sinceMs: Date.now() }] as const)(
      "that is empty, from %j: is caught up with at once",
      async (start) => {
        const { channel, queue } = await makeStream(lab);
        const collector = await bench.open(open(queue), start);
        expect(await caughtUp(collector)).toEqual([]);
        await publishAll(channel, { key: queue }, ["first"]);
        expect(await received(collector, 1)).toEqual(["first"]);
      },
    );

    it("since a time: by when each was published, whatever came in the same chunk", async () => {
      const { channel, queue } = await makeStream(lab);
      const sinceMs = Date.now();
      await Promise.all([
        publishAll(channel, { key: queue, headers: { "x-published-at": sinceMs - 5000 } }, ["too early"]),
        publishAll(channel, { key: queue, headers: { "x-published-at": sinceMs + 1 } }, ["in time"]),
      ]);
      const collector = await bench.open(open(queue), { sinceMs });
      expect(await caughtUp(collector)).toEqual(["in time"]);
    });

    it("since after its last message: is caught up with, and goes on", async () => {
      const { channel, queue } = await makeStream(lab, ["old"]);
      const collector = await bench.open(open(queue), { sinceMs: Date.now() + 1000 });
      expect(await caughtUp(collector)).toEqual([]);
      await publishAll(channel, { key: queue }, ["new"]);
      expect((await received(collector, 1)).at(-1)).toBe("new");
    });

    it("shows bytes, headers, offset, key and time as they were sent", async () => {
      const { channel, queue } = await makeStream(lab);
      const bytes = Buffer.from([0, 255, 1, 254, 10]);
      channel.publish("", queue, bytes, {
        messageId: "m-1",
        headers: {
          "x-published-at": 1_700_000_000_123,
          traceparent: "00-a",
          count: 3,
        },
      });
      await channel.waitForConfirms();
      const collector = await bench.open(open(queue), "beginning");
      await received(collector, 1);
      const [record] = collector.records;
      expect(record).toMatchObject({
        ...{ source: "rabbit", kind: "stream", stream: queue, key: queue, exchange: "", offset: 0 },
        publishedMs: 1_700_000_000_123,
        headers: {
          "message-id": "m-1",
          "x-published-at": "1700000000123",
          traceparent: "00-a",
          count: "3",
        },
      });
      expect(Buffer.from(record?.bytes ?? [])).toEqual(bytes);
    });

    it("of the brokerage has both ways and its dead letters, told apart by the exchange", async () => {
      const channel = await lab.confirmChannel();
      const body = lab.name("order");
      const collector = await bench.open(open(auditStream), "now");
      await publishAll(channel, { exchange: ordersExchange, key: toExchange.routingKey }, [body]);
      const message = await eventually(() => channel.get(toExchange.queue), Boolean);
      channel.nack(message as never, false, false);
      await received(collector, 2);
      const ways = collector.records.map(({ exchange, key }) => [exchange, key]);
      expect(ways).toEqual([
        [ordersExchange, toExchange.routingKey],
        [deadLetterExchange, toExchange.routingKey],
      ]);
      await channel.purgeQueue(toExchange.deadLetterQueue);
    });

    it("waits for a slow sink, holding no more than it may", async () => {
      const { queue } = await makeStream(lab, numbered("", 5000));
      const source = open(queue);
      const opening = bench.open(source, "beginning");
      const collector = await opening;
      collector.hold();
      await received(collector, 1);
      // Meanwhile another one gets all of it.
      await received(await bench.open(open(queue), "beginning"), 5000);
      expect(collector.records.length).toBeLessThanOrEqual(3000);
      collector.giveRoom();
      expect(await received(collector, 5000)).toEqual(numbered("", 5000));
    });

    it("is read by two at once, each for itself", async () => {
      const { queue } = await makeStream(lab, numbered("", 100));
      const collectors = await Promise.all([
        bench.open(open(queue), "beginning"),
        bench.open(open(queue), { last: 5 }),
      ]);
      await Promise.all(collectors.map(caughtUp));
      expect(collectors.map(bodiesOf)).toEqual([numbered("", 100), numbered("", 100).slice(-5)]);
    });

    it.each([
      { queue: () => "no.such.stream", code: "rabbitmq.unknown-stream" },
      { queue: () => toExchange.queue, code: "rabbitmq.not-a-stream" },
    ])("refuses with $code", async ({ queue, code }) => {
      await expect(bench.open(open(queue()), "now")).rejects.toMatchObject({ code, exitCode: 2 });
    });

    it("says that the login is refused, or that nobody answers", async () => {
      const { broker } = bench;
      const wrong = openRabbitStream({ broker: { ...broker, password: "wrong" }, queue: auditStream });
      await expect(bench.open(wrong, "now")).rejects.toMatchObject({ code: "rabbitmq.refused", exitCode: 3 });
      const nobody = openRabbitStream({ broker: { ...broker, port: 1 }, queue: auditStream });
      await expect(bench.open(nobody, "now")).rejects.toMatchObject({ code: "rabbitmq.unreachable" });
    });

    it("that is deleted and made again is read from its beginning, with an unknown gap", async () => {
      const { channel, queue } = await makeStream(lab, numbered("", 3));
      const collector = await bench.open(open(queue), "beginning");
      await received(collector, 3);
      await channel.deleteQueue(queue);
      await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "stream" } });
      await publishAll(channel, { key: queue }, ["again"]);
      expect((await received(collector, 4)).at(-1)).toBe("again");
      expect(collector.gaps).toMatchObject([{ missed: "unknown" }]);
    });
  });
}
