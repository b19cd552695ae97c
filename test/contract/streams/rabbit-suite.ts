import { afterAll, beforeAll, describe } from "vitest";
import { createLab } from "../amqp/lab.js";
import { describeFirehose } from "./firehose.js";
import { describeManagement } from "./management.js";
import { createBench } from "./rabbit-bench.js";
import { describeRabbitRestart } from "./rabbit-restart.js";
import { describeRabbitStreams } from "./rabbit-streams.js";
import { describeRabbitTaps } from "./rabbit-taps.js";
import type { RabbitWorld } from "./rabbit-world.js";

/** What the sources of `tail` do on either broker. */
export function describeRabbitSources(name: string, start: () => Promise<RabbitWorld>): void {
  describe(`the RabbitMQ sources on ${name}`, () => {
    let world: RabbitWorld;
    beforeAll(async () => {
      world = await start();
    });
    afterAll(() => world?.close());
    const bench = createBench(
      () => world,
      createLab(() => ({ ...world.broker, close: async () => {} })),
    );
    describeManagement(bench);
    describeRabbitStreams(bench);
    describeRabbitTaps(bench);
    describeFirehose(bench);
    describeRabbitRestart(bench);
  });
}
