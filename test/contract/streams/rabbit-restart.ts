import { describe, expect, it } from "vitest";
import { openFirehose, openRabbitStream, openRabbitTap } from "../../../cli/streams/rabbit-source.js";
import { auditStream, ordersExchange, toExchange } from "../../../contracts/topology.js";
import { askManagement, type ManagementAddress } from "../../../kit/rabbitmq-management.js";
import { eventually } from "../amqp/lab.js";
import { type Bench, bodiesOf, caughtUp, numbered, publishAll } from "./rabbit-bench.js";

export function describeRabbitRestart(bench: Bench): void {
  const { lab } = bench;
  const to = { exchange: ordersExchange, key: toExchange.routingKey };

  describe("restarts of the broker", () => {
    it("cost a stream nothing and a tap an unknown gap, and all go on", { timeout: 120_000 }, async () => {
      const { broker } = bench;
      const sources = {
        stream: openRabbitStream({ broker, queue: auditStream }),
        tap: openRabbitTap({ broker, name: ordersExchange }),
        firehose: openFirehose({ broker, stateFolder: await bench.stateFolder() }),
      };
      const [stream, tap, firehose] = await Promise.all([
        bench.open(sources.stream, "now"),
        bench.open(sources.tap, "now"),
        bench.open(sources.firehose, "now"),
      ]);
      await caughtUp(stream);
      const published: string[] = [];
      const publish = async (bodies: readonly string[]) => {
        await publishAll(await lab.confirmChannel(), to, bodies);
        published.push(...bodies);
      };
      const { restarts } = bench.world;
      for (let round = 1; round <= restarts; round += 1) {
        await publish(numbered(`before ${round}.`, 20));
        await bench.world.restart();
        await publish(numbered(`meanwhile ${round}.`, 20));
        for (const collector of [stream, tap, firehose]) {
          await eventually(
            () => collector.gaps.length,
            (length) => length >= round,
          );
        }
      }
      await publish(["after"]);
      for (const collector of [stream, tap, firehose]) {
        await eventually(
          () => bodiesOf(collector).includes("after"),
          (seen) => seen,
        );
      }
      expect(bodiesOf(stream)).toEqual(published);
      expect(stream.gaps.map(({ missed }) => missed)).toEqual(Array(restarts).fill(0));
      for (const { gaps } of [tap, firehose]) {
        expect(gaps.every(({ missed, tookMs }) => missed === "unknown" && tookMs > 0)).toBe(true);
      }
      await bench.close(sources.firehose);
      expect(await askManagement(broker.management as ManagementAddress).isTracing()).toBe(false);
      await (await lab.channel()).purgeQueue(toExchange.queue);
    });
  });
}
