import { describe, expect, it } from "vitest";
import { deleteRecords, listOffsets, offsetForLeaderEpoch } from "./wire/apis.js";
import { errorCodes } from "./wire/error-codes.js";
import type { World } from "./world.js";

const latest = -1;
const earliest = -2;
const beganMs = Date.now() - 3_600_000;

export function describeOffsets(world: World): void {
  describe("offsets", () => {
    it("are 0 at both ends of an empty partition", async () => {
      const topic = await world.topic();
      expect(await find(topic, earliest)).toMatchObject({ errorCode: errorCodes.none, offset: 0 });
      expect(await find(topic, latest)).toMatchObject({ errorCode: errorCodes.none, offset: 0 });
      expect(await find(topic, Date.now())).toMatchObject({ errorCode: errorCodes.none, offset: -1 });
    });

    it("are found by time: the first record that is not older", async () => {
      const topic = await fillBySecond(5);
      expect(await find(topic, earliest)).toMatchObject({ offset: 0 });
      expect(await find(topic, latest)).toMatchObject({ offset: 10 });
      expect(await find(topic, 0)).toMatchObject({ offset: 0, timestampMs: beganMs });
      expect(await find(topic, beganMs + 2000)).toMatchObject({ offset: 4, timestampMs: beganMs + 2000 });
      expect(await find(topic, beganMs + 2001)).toMatchObject({ offset: 6, timestampMs: beganMs + 3000 });
      expect(await find(topic, beganMs + 4001)).toMatchObject({ offset: -1, timestampMs: -1 });
    });

    it("of what nobody made are refused", async () => {
      expect(await find(world.name("unknown"), latest)).toMatchObject({
        errorCode: errorCodes.unknownTopicOrPartition,
        offset: -1,
      });
    });

    it("are read by kafkajs, by time too", async () => {
      const topic = await fillBySecond(3);
      expect(await world.admin.fetchTopicOffsets(topic)).toEqual([
        { partition: 0, offset: "6", high: "6", low: "0" },
      ]);
      expect(await world.admin.fetchTopicOffsetsByTimestamp(topic, beganMs + 1000)).toEqual([
        { partition: 0, offset: "2" },
      ]);
    });

    it("start later once records are deleted, and what is gone cannot be fetched", async () => {
      const topic = await fillBySecond(5);
      expect(await cut(topic, 4)).toMatchObject({ errorCode: errorCodes.none, lowWatermark: 4 });
      expect(await find(topic, earliest)).toMatchObject({ offset: 4 });
      expect(await find(topic, 0)).toMatchObject({ offset: 4 });
      expect(await world.fetch(topic, 3)).toMatchObject({ errorCode: errorCodes.offsetOutOfRange });
      const rest = await world.fetch(topic, 4);
      expect(rest).toMatchObject({ errorCode: errorCodes.none, logStartOffset: 4, highWatermark: 10 });
      expect(rest.batches.map(({ first }) => first)).toEqual([4, 6, 8]);
    });

    it("start in the middle of a batch where that is asked, and never earlier again", async () => {
      const topic = await fillBySecond(2);
      expect(await cut(topic, 1)).toMatchObject({ lowWatermark: 1 });
      expect((await world.fetch(topic, 1)).batches.map(({ first }) => first)).toEqual([0, 2]);
      expect(await cut(topic, 0)).toMatchObject({ errorCode: errorCodes.none, lowWatermark: 1 });
    });

    it("go on after all records are deleted", async () => {
      const topic = await fillBySecond(2);
      expect(await cut(topic, -1)).toMatchObject({ errorCode: errorCodes.none, lowWatermark: 4 });
      expect(await find(topic, earliest)).toMatchObject({ offset: 4 });
      expect(await world.produce(topic, { values: ["a"] })).toMatchObject({
        baseOffset: 4,
        logStartOffset: 4,
      });
    });

    it("beyond the end cannot be deleted to", async () => {
      const topic = await fillBySecond(1);
      expect(await cut(topic, 3)).toMatchObject({ errorCode: errorCodes.offsetOutOfRange });
      expect(await cut(world.name("unknown"), 0)).toMatchObject({
        errorCode: errorCodes.unknownTopicOrPartition,
      });
    });

    it("of the leader's epoch end where the log ends", async () => {
      const topic = await fillBySecond(3);
      const leaderEpoch = (await world.fetch(topic, 0)).batches[0]?.leaderEpoch ?? -1;
      const partitions = [{ index: 0, currentLeaderEpoch: -1, leaderEpoch }];
      const answer = await world.raw.ask(offsetForLeaderEpoch, { topics: [{ name: topic, partitions }] });
      expect(answer.topics[0]?.partitions).toMatchObject([{ errorCode: 0, leaderEpoch, endOffset: 6 }]);
    });
  });

  /** Batches of two records, a second between them. */
  async function fillBySecond(batches: number): Promise<string> {
    const topic = await world.topic();
    for (let index = 0; index < batches; index += 1) {
      await world.produce(topic, { values: ["a", "b"], timestampMs: beganMs + index * 1000 });
    }
    return topic;
  }

  async function find(name: string, timestampMs: number) {
    const topics = [{ name, partitions: [{ index: 0, timestampMs }] }];
    const answer = await world.raw.ask(listOffsets, { replicaId: -1, topics });
    return answer.topics[0]?.partitions[0];
  }

  async function cut(name: string, offset: number) {
    const topics = [{ name, partitions: [{ index: 0, offset }] }];
    const answer = await world.raw.ask(deleteRecords, { topics, timeoutMs: 10_000 });
    return answer.topics[0]?.partitions[0];
  }
}
