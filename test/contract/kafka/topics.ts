import { describe, expect, it } from "vitest";
import { createPartitions, createTopics, deleteTopics, metadata } from "./wire/apis.js";
import { errorCodes } from "./wire/error-codes.js";
import type { World } from "./world.js";

interface TopicSettings {
  readonly name: string;
  readonly partitions?: number;
  readonly replicas?: number;
  readonly validateOnly?: boolean;
}

export function describeTopics(world: World): void {
  describe("topics", () => {
    it("are described with one leader, one replica and no error", async () => {
      const topic = await world.topic(3);
      const { brokers, controllerId, clusterId, topics } = await look([topic]);
      const [broker] = brokers;
      expect(brokers).toHaveLength(1);
      expect(controllerId).toBe(broker?.nodeId);
      expect(clusterId).toMatch(/\S/);
      const partition = { errorCode: 0, leader: broker?.nodeId, replicas: [broker?.nodeId], offline: [] };
      expect(topics).toMatchObject([{ name: topic, errorCode: 0, isInternal: false }]);
      expect(topics[0]?.partitions.toSorted((a, b) => a.index - b.index)).toMatchObject([
        { index: 0, ...partition },
        { index: 1, ...partition },
        { index: 2, ...partition },
      ]);
    });

    it("are all described, or none, as asked", async () => {
      const topic = await world.topic();
      const names = (await look(null)).topics.map(({ name }) => name);
      expect(names).toContain(topic);
      expect((await look([])).topics).toEqual([]);
    });

    it("that nobody made are unknown and not made by asking, the others beside them are described", async () => {
      const known = await world.topic();
      const unknown = world.name("unknown");
      for (let times = 0; times < 2; times += 1) {
        const { topics } = await look([unknown, known]);
        expect(Object.fromEntries(topics.map(({ name, errorCode }) => [name, errorCode]))).toEqual({
          [known]: errorCodes.none,
          [unknown]: errorCodes.unknownTopicOrPartition,
        });
      }
    });

    it.each([["a name with a blank"], ["."], [".."], ["x".repeat(250)], [""], ["a/b"]])(
      "%j is no name",
      async (name) => {
        expect(await create({ name })).toBe(errorCodes.invalidTopic);
        const { topics } = await look([name]);
        expect(topics).toMatchObject([{ name, errorCode: errorCodes.invalidTopic }]);
      },
    );

    it("take names of 249 letters, dots, dashes and underscores", async () => {
      const name = world.name("A.b_c-").padEnd(249, "x");
      expect(await create({ name })).toBe(errorCodes.none);
      await expect.poll(() => errorOf(name)).toBe(errorCodes.none);
      expect(await remove(name)).toBe(errorCodes.none);
    });

    it("whose names differ in dots and underscores only collide", async () => {
      const name = world.name("col.lides");
      expect(await create({ name })).toBe(errorCodes.none);
      expect(await create({ name: name.replace(".", "_") })).toBe(errorCodes.invalidTopic);
    });

    it("that exist are refused, and kafkajs says false", async () => {
      const name = await world.topic();
      expect(await create({ name })).toBe(errorCodes.topicAlreadyExists);
      expect(await world.admin.createTopics({ topics: [{ topic: name }] })).toBe(false);
    });

    it.each([
      ["no partitions", { partitions: 0 }, errorCodes.invalidPartitions],
      ["fewer than no partitions", { partitions: -7 }, errorCodes.invalidPartitions],
      ["two replicas on one broker", { replicas: 2 }, errorCodes.invalidReplicationFactor],
      ["no replicas", { replicas: 0 }, errorCodes.invalidReplicationFactor],
    ])("with %s are refused and not made", async (_, settings, code) => {
      const name = world.name("bad");
      expect(await create({ name, ...settings })).toBe(code);
      expect(await errorOf(name)).toBe(errorCodes.unknownTopicOrPartition);
    });

    it("named twice in one request are refused", async () => {
      const name = world.name("twice");
      const topic = { name, partitions: 1, replicas: 1, assignments: [], configs: [] };
      const answer = await world.raw.ask(createTopics, {
        topics: [topic, topic],
        timeoutMs: 10_000,
        validateOnly: false,
      });
      expect(answer.topics).toMatchObject([{ name, errorCode: errorCodes.invalidRequest }]);
    });

    it("have three partitions and one replica where nothing else is said", async () => {
      const name = world.name("default");
      expect(await create({ name, partitions: -1, replicas: -1 })).toBe(errorCodes.none);
      await expect.poll(() => countPartitions(name)).toBe(3);
    });

    it("are checked and not made where that is asked", async () => {
      const name = world.name("checked");
      expect(await create({ name, validateOnly: true })).toBe(errorCodes.none);
      expect(await errorOf(name)).toBe(errorCodes.unknownTopicOrPartition);
      const existing = await world.topic();
      expect(await create({ name: existing, validateOnly: true })).toBe(errorCodes.topicAlreadyExists);
    });

    it("can be deleted with their records and made again", async () => {
      const name = await world.topic();
      await world.produce(name, { values: ["old"] });
      expect(await remove(name)).toBe(errorCodes.none);
      await expect.poll(() => errorOf(name)).toBe(errorCodes.unknownTopicOrPartition);
      expect(await remove(name)).toBe(errorCodes.unknownTopicOrPartition);
      expect(await create({ name })).toBe(errorCodes.none);
      await expect.poll(() => world.fetch(name, 0)).toMatchObject({ errorCode: errorCodes.none });
      expect(await world.fetch(name, 0)).toMatchObject({ highWatermark: 0, batches: [] });
    });

    it("grow by partitions and never shrink", async () => {
      const name = await world.topic(2);
      expect(await grow(name, 4)).toBe(errorCodes.none);
      await expect.poll(() => countPartitions(name)).toBe(4);
      expect(await grow(name, 4)).toBe(errorCodes.invalidPartitions);
      expect(await grow(name, 1)).toBe(errorCodes.invalidPartitions);
      expect(await grow(world.name("unknown"), 4)).toBe(errorCodes.unknownTopicOrPartition);
    });

    it("are not grown where only a check is asked", async () => {
      const name = await world.topic(1);
      expect(await grow(name, 2, true)).toBe(errorCodes.none);
      expect(await countPartitions(name)).toBe(1);
    });
  });

  function look(topics: string[] | null) {
    return world.raw.ask(metadata, { topics, allowAutoTopicCreation: true });
  }

  async function errorOf(name: string) {
    return (await look([name])).topics[0]?.errorCode;
  }

  async function countPartitions(name: string) {
    return (await look([name])).topics[0]?.partitions.length;
  }

  async function create({ name, partitions = 1, replicas = 1, validateOnly = false }: TopicSettings) {
    const { topics } = await world.raw.ask(createTopics, {
      topics: [{ name, partitions, replicas, assignments: [], configs: [] }],
      timeoutMs: 10_000,
      validateOnly,
    });
    return topics[0]?.errorCode;
  }

  async function remove(name: string) {
    const { topics } = await world.raw.ask(deleteTopics, { names: [name], timeoutMs: 10_000 });
    return topics[0]?.errorCode;
  }

  async function grow(name: string, count: number, validateOnly = false) {
    const topics = [{ name, count, assignments: null }];
    const answer = await world.raw.ask(createPartitions, { topics, timeoutMs: 10_000, validateOnly });
    return answer.topics[0]?.errorCode;
  }
}
