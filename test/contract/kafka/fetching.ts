import { describe, expect, it } from "vitest";
import { fetch } from "./wire/apis.js";
import { errorCodes } from "./wire/error-codes.js";
import { fetchFrom, fetchRequest, type World } from "./world.js";

/** Longer than any test waits: an answer before it was not the time limit's. */
const longMs = 15_000;

export function describeFetching(world: World): void {
  describe("fetching", () => {
    it("gives whole batches from the one that holds the offset on", async () => {
      const topic = await fill([2, 3, 1]);
      expect(await world.fetch(topic, 0)).toMatchObject({
        errorCode: errorCodes.none,
        highWatermark: 6,
        logStartOffset: 0,
        batches: [
          { first: 0, last: 1 },
          { first: 2, last: 4 },
          { first: 5, last: 5 },
        ],
      });
      const ofMiddle = await world.fetch(topic, 3);
      expect(ofMiddle.batches.map(({ first }) => first)).toEqual([2, 5]);
    });

    it("at the end gives nothing, beyond it or before the start an error", async () => {
      const topic = await fill([2]);
      expect(await world.fetch(topic, 2)).toMatchObject({ errorCode: errorCodes.none, sizeBytes: 0 });
      for (const offset of [3, 1_000_000, -1]) {
        expect(await world.fetch(topic, offset)).toMatchObject({ errorCode: errorCodes.offsetOutOfRange });
      }
    });

    it("from what nobody made is refused, and at once however long it may wait", async () => {
      const topic = await world.topic(1);
      const settings = { maxWaitMs: longMs };
      const began = performance.now();
      expect(await world.fetch(world.name("unknown"), 0, settings)).toMatchObject({
        errorCode: errorCodes.unknownTopicOrPartition,
      });
      expect(await world.fetch(topic, 0, { ...settings, partition: 1 })).toMatchObject({
        errorCode: errorCodes.unknownTopicOrPartition,
      });
      expect(performance.now() - began).toBeLessThan(longMs);
    });

    it("waits for records as long as it may", async () => {
      const topic = await world.topic();
      const began = performance.now();
      expect(await world.fetch(topic, 0, { maxWaitMs: 300 })).toMatchObject({ sizeBytes: 0 });
      // Timers of both sides round.
      expect(performance.now() - began).toBeGreaterThan(280);
    });

    it("is answered as soon as a record comes", async () => {
      const topic = await world.topic();
      const connection = await world.connect();
      const began = performance.now();
      const waiting = fetchFrom(connection, { topic, offset: 0, maxWaitMs: longMs });
      await world.produce(topic, { values: ["a"] });
      expect((await waiting).batches).toMatchObject([{ first: 0, last: 0 }]);
      expect(performance.now() - began).toBeLessThan(longMs);
    });

    it("waits on until there are as many bytes as asked", async () => {
      const topic = await world.topic();
      const connection = await world.connect();
      const waiting = fetchFrom(connection, { topic, offset: 0, maxWaitMs: longMs, minBytes: 1000 });
      await world.produce(topic, { values: ["a"] });
      await world.produce(topic, { values: ["x".repeat(1000)] });
      expect((await waiting).batches).toHaveLength(2);
    });

    it("that waits does not hold up another connection", async () => {
      const topic = await world.topic();
      const connection = await world.connect();
      const began = performance.now();
      const waiting = fetchFrom(connection, { topic, offset: 0, maxWaitMs: longMs }).catch(() => "closed");
      await world.fetch(topic, 0);
      expect(performance.now() - began).toBeLessThan(longMs);
      connection.close();
      expect(await waiting).toBe("closed");
    });

    it("gives one batch however large it is, and no second one beyond the limit", async () => {
      const topic = await world.topic();
      for (let times = 0; times < 2; times += 1)
        await world.produce(topic, { values: ["x".repeat(900_000)] });
      for (const limit of [{ maxBytes: 1000 }, { partitionMaxBytes: 1000 }]) {
        expect((await world.fetch(topic, 0, limit)).batches).toMatchObject([{ first: 0, last: 0 }]);
        expect((await world.fetch(topic, 1, limit)).batches).toMatchObject([{ first: 1, last: 1 }]);
      }
    });

    it("keeps to the limit of the partition where small batches fit", async () => {
      const topic = await fill(Array.from({ length: 20 }, () => 1));
      const { sizeBytes, batches } = await world.fetch(topic, 0, { partitionMaxBytes: 300 });
      expect(sizeBytes).toBeLessThanOrEqual(300);
      expect(batches[0]).toMatchObject({ first: 0 });
    });

    it("answers for several partitions at once, an error among them", async () => {
      const topic = await world.topic(2);
      await world.produce(topic, { values: ["a"] });
      const request = fetchRequest(topic, 0, { maxWaitMs: longMs });
      const partitions = [0, 1, 2].flatMap((partition) =>
        fetchRequest(topic, 0, { partition }).topics.flatMap((each) => each.partitions),
      );
      const answer = await world.raw.ask(fetch, { ...request, topics: [{ name: topic, partitions }] });
      const codes = answer.topics[0]?.partitions.map(({ index, errorCode }) => [index, errorCode]);
      expect(Object.fromEntries(codes ?? [])).toEqual({
        0: errorCodes.none,
        1: errorCodes.none,
        2: errorCodes.unknownTopicOrPartition,
      });
    });

    it("of a session that nobody opened is refused", async () => {
      const topic = await world.topic();
      const answer = await world.raw.ask(fetch, {
        ...fetchRequest(topic, 0),
        sessionId: 123_456,
        sessionEpoch: 1,
      });
      expect(answer).toMatchObject({ errorCode: errorCodes.fetchSessionIdNotFound, topics: [] });
    });

    it("that wants a session is answered in full", async () => {
      const topic = await fill([1]);
      const answer = await world.raw.ask(fetch, { ...fetchRequest(topic, 0), sessionEpoch: 0 });
      expect(answer).toMatchObject({ errorCode: errorCodes.none, topics: [{ name: topic }] });
      expect(answer.topics[0]?.partitions).toMatchObject([{ index: 0, highWatermark: 1 }]);
    });

    it("takes the leader's epoch that batches carry, and none of the future", async () => {
      const topic = await fill([1]);
      const leaderEpoch = (await world.fetch(topic, 0)).batches[0]?.leaderEpoch ?? -1;
      expect(leaderEpoch).toBeGreaterThanOrEqual(0);
      expect(await world.fetch(topic, 0, { leaderEpoch })).toMatchObject({ errorCode: errorCodes.none });
      expect(await world.fetch(topic, 0, { leaderEpoch: leaderEpoch + 5 })).toMatchObject({
        errorCode: errorCodes.unknownLeaderEpoch,
      });
    });
  });

  /** A topic with a batch of each of these counts of records. */
  async function fill(counts: readonly number[]): Promise<string> {
    const topic = await world.topic();
    for (const count of counts) {
      const values = Array.from({ length: count }, (_, index) => `value ${index}`);
      await world.produce(topic, { values });
    }
    return topic;
  }
}
