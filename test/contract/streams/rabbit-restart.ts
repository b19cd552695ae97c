import { describe, expect, it } from "vitest";
import { openFirehose, openRabbitStream, openRabbitTap } from "../../../cli/streams/rabbit-source.js";
import { auditStream, ordersExchange, toExchange } from "../../../contracts/topology.js";
import { eventually } from "../amqp/lab.js";
import { type Bench, bodiesOf, caughtUp, numbered, publishAll } from "./rabbit-bench.js";

export function describeRabbitRestart(bench: Bench): void {
  const { lab } = bench;
  const to = { exchange: ordersExchange, key: toExchange.routingKey };

  describe("a restart of the broker", () => {
    it("costs a stream nothing and a tap an unknown gap, and both go on", { timeout: 120_000 }, async () => {
      const { broker } = bench;
      const [stream, tap, firehose] = await Promise.all([
        bench.open(openRabbitStream({ broker, queue: auditStream }), "now"),
        bench.open(openRabbitTap({ broker, name: ordersExchange }), "now"),
        bench.open(openFirehose({ broker, stateFolder: await bench.stateFolder() }), "now"),
      ]);
      await caughtUp(stream);
      await publishAll(await lab.confirmChannel(), to, numbered("before ", 50));
      await eventually(
        () => stream.records.length,
        (length) => length === 50,
      );
      await bench.world.restart();
      await publishAll(await lab.confirmChannel(), to, numbered("meanwhile ", 50));
      const back = [stream, tap, firehose].map((collector) =>
        eventually(
          () => collector.gaps.length,
          (length) => length > 0,
        ),
      );
      await Promise.all(back);
      const channel = await lab.confirmChannel();
      await publishAll(channel, to, ["after"]);
      for (const collector of [stream, tap, firehose]) {
        await eventually(
          () => bodiesOf(collector).includes("after"),
          (seen) => seen,
        );
      }
      expect(bodiesOf(stream)).toEqual([...numbered("before ", 50), ...numbered("meanwhile ", 50), "after"]);
      expect([stream, tap, firehose].flatMap(({ gaps }) => gaps.map(({ missed }) => missed))).toEqual([
        0,
        "unknown",
        "unknown",
      ]);
      await channel.purgeQueue(toExchange.queue);
    });
  });
}
