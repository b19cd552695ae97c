import { describe, expect, it } from "vitest";
import { nameProducer } from "./name-producer.js";
import { deleteRecords, describeConfigs, metadata, offsetCommit } from "./wire/apis.js";
import { errorCodes } from "./wire/error-codes.js";
import { type World, waitUntil } from "./world.js";

export function describeRestart(world: World): void {
  describe("a restart", () => {
    it("keeps topics, records, configs, committed offsets and what producers have sent", async ({ skip }) => {
      skip(!world.canRestart, "this broker is not the suite's to restart");
      const topic = await world.topic(3, { "retention.ms": "86400000" });
      const cut = await world.topic();
      const gone = await world.topic();
      const groupId = world.name("group");
      const producer = await nameProducer(world);
      const batch = { values: ["a", "b"], ...producer, baseSequence: 0 };
      for (const name of [topic, cut]) await world.produce(name, batch);
      const committed = [{ index: 0, offset: 1, leaderEpoch: -1, metadata: "why" }];
      await world.raw.ask(offsetCommit, {
        group: groupId,
        generation: -1,
        member: "",
        instance: null,
        topics: [{ name: topic, partitions: committed }],
      });
      const topics = [{ name: cut, partitions: [{ index: 0, offset: 1 }] }];
      await world.raw.ask(deleteRecords, { topics, timeoutMs: 10_000 });
      await world.admin.deleteTopics({ topics: [gone] });
      const before = await world.raw.ask(metadata, { topics: [topic, gone], allowAutoTopicCreation: false });

      await world.restart();
      await waitUntil(async () => (await world.fetch(topic, 0)).errorCode === errorCodes.none);

      const after = await world.raw.ask(metadata, { topics: [topic, gone], allowAutoTopicCreation: false });
      expect(after.clusterId).toBe(before.clusterId);
      expect(after.topics.map(({ name, errorCode }) => [name, errorCode]).sort()).toEqual(
        [
          [topic, errorCodes.none],
          [gone, errorCodes.unknownTopicOrPartition],
        ].sort(),
      );
      expect(after.topics.find(({ name }) => name === topic)?.partitions).toHaveLength(3);
      expect(await world.fetch(topic, 0)).toMatchObject({
        highWatermark: 2,
        batches: [{ first: 0, last: 1 }],
      });
      await waitUntil(async () => (await world.fetch(cut, 1)).errorCode === errorCodes.none);
      expect(await world.fetch(cut, 0)).toMatchObject({ errorCode: errorCodes.offsetOutOfRange });
      const resources = [{ type: 2, name: topic, keys: ["retention.ms"] }];
      const configs = await world.raw.ask(describeConfigs, { resources, synonyms: false });
      expect(configs.resources[0]?.configs).toMatchObject([{ value: "86400000" }]);
      const [offsets] = await world.admin.fetchOffsets({ groupId, topics: [topic] });
      expect(offsets?.partitions[0]?.offset).toBe("1");
      expect(await world.produce(topic, batch)).toMatchObject({ errorCode: errorCodes.none, baseOffset: 0 });
      expect(await world.produce(topic, { ...batch, baseSequence: 2 })).toMatchObject({ baseOffset: 2 });
      expect((await nameProducer(world)).producerId).not.toBe(producer.producerId);
    });
  });
}
