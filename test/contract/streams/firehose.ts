import { describe, expect, it } from "vitest";
import { openFirehose } from "../../../cli/streams/rabbit-source.js";
import { restoreFirehose } from "../../../cli/streams/rabbit-tracing.js";
import { ordersExchange, toExchange } from "../../../contracts/topology.js";
import { askManagement, type ManagementAddress } from "../../../kit/rabbitmq-management.js";
import { eventually } from "../amqp/lab.js";
import { type Bench, publishAll } from "./rabbit-bench.js";

export function describeFirehose(bench: Bench): void {
  const { lab } = bench;
  const management = () => askManagement(bench.broker.management as ManagementAddress);

  describe("the firehose", () => {
    it("shows each message as it is published and delivered, also by the default exchange", async () => {
      const stateFolder = await bench.stateFolder();
      const source = openFirehose({ broker: bench.broker, stateFolder });
      const collector = await bench.open(source, "now");
      const channel = await lab.confirmChannel();
      const { queue } = await channel.assertQueue(lab.name("queue"), { durable: true });
      const headers = { "x-published-at": 1_700_000_000_123 };
      channel.publish("", queue, Buffer.from("by name"), { headers, messageId: "m-1" });
      await channel.waitForConfirms();
      await channel.get(queue, { noAck: true });
      await eventually(
        () => collector.records.length,
        (length) => length >= 2,
      );
      const common = { kind: "firehose", key: queue, exchange: "", publishedMs: 1_700_000_000_123 };
      expect(collector.records).toMatchObject([
        { ...common, stream: "", note: `published to ${queue}`, headers: { "message-id": "m-1" } },
        { ...common, stream: queue, note: `delivered from ${queue}` },
      ]);
      await publishAll(channel, { exchange: ordersExchange, key: "no.such.key" }, ["nowhere"]);
      await eventually(
        () => collector.records.length,
        (length) => length >= 3,
      );
      expect(collector.records[2]).toMatchObject({ stream: ordersExchange, note: "published, to no queue" });
      expect(await management().isTracing()).toBe(true);
      await bench.close(source);
      expect(await management().isTracing()).toBe(false);
      expect(await restoreFirehose({ broker: bench.broker, stateFolder })).toBe(false);
    });

    it("stays on where it was on before", async () => {
      const options = { broker: bench.broker, stateFolder: await bench.stateFolder() };
      await management().setTracing(true);
      const source = openFirehose(options);
      await bench.open(source, "now");
      await bench.close(source);
      expect(await management().isTracing()).toBe(true);
      await management().setTracing(false);
    });

    it("is switched with nothing else of the virtual host", async () => {
      const before = await management().listQueues();
      const source = openFirehose({ broker: bench.broker, stateFolder: await bench.stateFolder() });
      await bench.open(source, "now");
      await bench.close(source);
      expect(await management().listQueues()).toEqual(before);
      expect(before.map(({ name }) => name)).toContain(toExchange.queue);
    });
  });
}
