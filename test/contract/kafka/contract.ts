import { afterAll, beforeAll, describe } from "vitest";
import { describeConfigsContract } from "./configs.js";
import { describeConsumers } from "./consumers.js";
import { describeFetching } from "./fetching.js";
import { describeGroupOffsets } from "./group-offsets.js";
import { describeGroupProtocol } from "./group-protocol.js";
import { describeIdempotence } from "./idempotence.js";
import { describeOffsets } from "./offsets.js";
import { describeProducing } from "./producing.js";
import { describeProtocol } from "./protocol.js";
import { describeRestart } from "./restart.js";
import { describeTopics } from "./topics.js";
import { describeVersions } from "./versions.js";
import { type ContractBroker, createWorld } from "./world.js";

/**
 * What clients may rely on, on Apache Kafka as docker-compose.yml sets it up and on the embedded broker alike. What
 * the two may differ in is not asked here.
 */
export function describeKafkaContract(name: string, start: () => Promise<ContractBroker>): void {
  describe(name, () => {
    const world = createWorld();

    beforeAll(async () => {
      await world.open(await start());
    });

    afterAll(() => world.close());

    describeProtocol(world);
    describeVersions(world);
    describeTopics(world);
    describeConfigsContract(world);
    describeProducing(world);
    describeIdempotence(world);
    describeFetching(world);
    describeOffsets(world);
    describeGroupProtocol(world);
    describeGroupOffsets(world);
    describeConsumers(world);
    describeRestart(world);
  });
}
