import type { Consumer } from "kafkajs";
import { afterEach, describe, expect, it } from "vitest";
import { collect } from "./collect.js";
import { type World, waitUntil } from "./world.js";

interface Reader {
  readonly consumer: Consumer;
  readonly values: string[];
  /** Partitions that it was given last. */
  share(): readonly number[];
}

export function describeConsumers(world: World): void {
  describe("consumers of kafkajs", () => {
    let readers: Reader[] = [];

    afterEach(async () => {
      await Promise.all(readers.map(({ consumer }) => consumer.disconnect()));
      readers = [];
    });

    it("share the partitions, and take over those of one that leaves", async () => {
      const [group, topic] = [world.name("group"), await world.topic(4)];
      const first = await read(group, topic);
      await waitUntil(async () => first.share().length === 4);
      const second = await read(group, topic);
      await waitUntil(async () => first.share().length === 2 && second.share().length === 2);
      expect([...first.share(), ...second.share()].sort()).toEqual([0, 1, 2, 3]);
      await send(
        topic,
        [0, 1, 2, 3].map((partition) => ({ partition, value: `to ${partition}` })),
      );
      await waitUntil(async () => first.values.length + second.values.length === 4);
      expect(first.values).toHaveLength(2);
      await second.consumer.disconnect();
      await waitUntil(async () => first.share().length === 4);
    });

    it("go on where their group stopped", async () => {
      const [group, topic] = [world.name("group"), await world.topic()];
      await send(topic, [{ value: "a" }, { value: "b" }]);
      const first = await read(group, topic);
      await waitUntil(async () => first.values.length === 2);
      await first.consumer.disconnect();
      await send(topic, [{ value: "c" }]);
      const second = await read(group, topic);
      await waitUntil(async () => second.values.length === 1);
      expect(second.values).toEqual(["c"]);
    });

    it("have offsets that the admin reads, sets and resets", async () => {
      const [set, reset, topic] = [world.name("group"), world.name("group"), await world.topic()];
      await send(topic, [{ value: "a" }, { value: "b" }, { value: "c" }]);
      const offset = async (groupId: string) => {
        const [found] = await world.admin.fetchOffsets({ groupId, topics: [topic] });
        return found?.partitions[0]?.offset;
      };
      expect(await offset(set)).toBe("-1");
      // Side by side: each is a consumer of kafkajs that waits 5 s for records before it ends.
      await Promise.all([
        world.admin.setOffsets({ groupId: set, topic, partitions: [{ partition: 0, offset: "2" }] }),
        world.admin.resetOffsets({ groupId: reset, topic, earliest: true }),
      ]);
      expect(await offset(set)).toBe("2");
      expect(await offset(reset)).toBe("-2");
      const reader = await read(set, topic);
      await waitUntil(async () => reader.values.length > 0);
      expect(reader.values).toEqual(["c"]);
    });

    it("are in groups that are listed, described and deleted", async () => {
      const [group, topic] = [world.name("group"), await world.topic()];
      const reader = await read(group, topic);
      await waitUntil(async () => reader.share().length === 1);
      expect((await world.admin.listGroups()).groups).toContainEqual({
        groupId: group,
        protocolType: "consumer",
      });
      const { groups } = await world.admin.describeGroups([group]);
      expect(groups).toMatchObject([
        { groupId: group, state: "Stable", members: [{ clientId: "contract" }] },
      ]);
      await expect(world.admin.deleteGroups([group])).rejects.toMatchObject({
        groups: [{ groupId: group, error: { type: "NON_EMPTY_GROUP" } }],
      });
      await reader.consumer.disconnect();
      await world.admin.deleteGroups([group]);
      const left = (await world.admin.listGroups()).groups.map(({ groupId }) => groupId);
      expect(left).not.toContain(group);
    });

    it("start at the end where they are not told otherwise", async () => {
      const [group, topic] = [world.name("group"), await world.topic()];
      await send(topic, [{ value: "before" }]);
      const reader = await read(group, topic, false);
      await waitUntil(async () => reader.share().length === 1);
      // kafkajs looks for the end with its first fetch, which nothing announces: records are sent until one comes.
      await waitUntil(async () => {
        await send(topic, [{ value: "after" }]);
        return reader.values.length > 0;
      });
      expect(reader.values).not.toContain("before");
    });

    it("read two topics, and one that grows", async () => {
      const [one, other] = [await world.topic(), await world.topic()];
      await send(one, [{ value: "one" }]);
      await send(other, [{ value: "other" }]);
      expect((await collect(world, one, 1)).concat(await collect(world, other, 1))).toMatchObject([
        { value: "one" },
        { value: "other" },
      ]);
      await world.admin.createPartitions({ topicPartitions: [{ topic: one, count: 2 }] });
      await waitUntil(async () => (await world.admin.fetchTopicOffsets(one)).length === 2);
      await send(one, [{ partition: 1, value: "grown" }]);
      const records = await collect(world, one, 2);
      expect(records.map(({ value }) => value).sort()).toEqual(["grown", "one"]);
    });

    async function read(groupId: string, topic: string, fromBeginning = true): Promise<Reader> {
      const consumer = world.kafka.consumer({ groupId, maxWaitTimeInMs: 100, heartbeatInterval: 200 });
      const values: string[] = [];
      let share: readonly number[] = [];
      const reader = { consumer, values, share: () => share };
      readers.push(reader);
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
        share = payload.memberAssignment[topic] ?? [];
      });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning });
      await consumer.run({
        eachMessage: async ({ message }) => void values.push(message.value?.toString() ?? ""),
      });
      return reader;
    }
  });

  async function send(topic: string, messages: { value: string; partition?: number }[]): Promise<void> {
    const producer = world.kafka.producer();
    await producer.connect();
    await producer.send({ topic, messages });
    await producer.disconnect();
  }
}
