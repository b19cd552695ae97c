import { CompressionTypes } from "kafkajs";
import { describe, expect, it } from "vitest";
import { collect } from "./collect.js";
import { produce } from "./wire/apis.js";
import { errorCodes } from "./wire/error-codes.js";
import { buildBatch } from "./wire/record-batch.js";
import { produceRequest, type World } from "./world.js";

export function describeProducing(world: World): void {
  describe("producing", () => {
    it("keeps keys, headers, timestamps, empty values and tombstones, compressed or not", async () => {
      const topic = await world.topic();
      const producer = world.kafka.producer();
      await producer.connect();
      const messages = [
        {
          key: "k1",
          value: "v1",
          headers: { source: "test", twice: ["a", "b"] },
          timestamp: "1700000000000",
        },
        { key: "k2", value: null, timestamp: "1700000000001" },
        { key: null, value: "", timestamp: "1700000000002" },
        { key: "", value: "ünïcödé", timestamp: "1700000000003" },
      ];
      for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
        await producer.send({ topic, messages, compression });
      }
      await producer.disconnect();
      const records = await collect(world, topic, 8);
      const expected = messages.map(({ key, value, timestamp }) => ({ key, value, timestamp }));
      expect(records.map(({ key, value, timestamp }) => ({ key, value, timestamp }))).toEqual([
        ...expected,
        ...expected,
      ]);
      expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      for (const { headers } of [records[0], records[4]].filter((record) => record !== undefined)) {
        expect(headers).toEqual({ source: "test", twice: ["a", "b"] });
      }
    });

    it("gives contiguous offsets in the order of each partition", async () => {
      const topic = await world.topic(3);
      const producer = world.kafka.producer();
      await producer.connect();
      for (let round = 0; round < 20; round += 1) {
        const messages = [0, 1, 2].flatMap((partition) =>
          Array.from({ length: partition + 1 }, (_, index) => ({ partition, value: `${round}.${index}` })),
        );
        await producer.send({ topic, messages });
      }
      await producer.disconnect();
      const records = await collect(world, topic, 120);
      for (const partition of [0, 1, 2]) {
        const own = records.filter((record) => record.partition === partition);
        expect(own.map(({ offset }) => offset)).toEqual(own.map((_, index) => index));
        const values = Array.from({ length: 20 }, (_, round) =>
          Array.from({ length: partition + 1 }, (_value, index) => `${round}.${index}`),
        );
        expect(own.map(({ value }) => value)).toEqual(values.flat());
      }
    });

    it("answers with the base offset of each batch and the start of the log", async () => {
      const topic = await world.topic();
      expect(await world.produce(topic, { values: ["a", "b", "c"] })).toMatchObject({
        errorCode: errorCodes.none,
        baseOffset: 0,
        logStartOffset: 0,
      });
      expect(await world.produce(topic, { values: ["d"] })).toMatchObject({ baseOffset: 3 });
    });

    it("with acks 1 is answered as with acks all", async () => {
      const topic = await world.topic();
      const answer = await world.raw.ask(produce, produceRequest(topic, buildBatch({ values: ["a"] }), 1));
      expect(answer.topics[0]?.partitions).toMatchObject([{ errorCode: errorCodes.none, baseOffset: 0 }]);
    });

    it("with acks 0 gets no answer, and the next request gets its own", async () => {
      const topic = await world.topic();
      const connection = await world.connect();
      connection.tell(produce, produceRequest(topic, buildBatch({ values: ["a", "b"] }), 0));
      const answer = await connection.ask(produce, produceRequest(topic, buildBatch({ values: ["c"] })));
      expect(answer.topics[0]?.partitions).toMatchObject([{ errorCode: errorCodes.none, baseOffset: 2 }]);
    });

    it("with acks 0 to a topic that nobody made closes the connection, for want of an answer", async () => {
      const connection = await world.connect();
      connection.tell(produce, produceRequest(world.name("unknown"), buildBatch({ values: ["a"] }), 0));
      await connection.closed;
    });

    it("with other acks is refused", async () => {
      const topic = await world.topic();
      const answer = await world.raw.ask(produce, produceRequest(topic, buildBatch({ values: ["a"] }), 2));
      expect(answer.topics[0]?.partitions).toMatchObject([{ errorCode: errorCodes.invalidRequiredAcks }]);
      expect((await world.fetch(topic, 0)).highWatermark).toBe(0);
    });

    it("to a topic or partition that nobody made is refused", async () => {
      const answer = await world.produce(world.name("unknown"), { values: ["a"] });
      expect(answer).toMatchObject({ errorCode: errorCodes.unknownTopicOrPartition, baseOffset: -1 });
      const topic = await world.topic(1);
      const request = produceRequest(topic, null);
      const records = buildBatch({ values: ["a"] });
      const topics = [{ name: topic, partitions: [{ index: 1, records }] }];
      const { topics: answers } = await world.raw.ask(produce, { ...request, topics });
      expect(answers[0]?.partitions).toMatchObject([{ errorCode: errorCodes.unknownTopicOrPartition }]);
    });

    it("to several partitions takes what is right and refuses the rest", async () => {
      const topic = await world.topic(3);
      const good = buildBatch({ values: ["a"] });
      const bad = buildBatch({ values: ["a"], checksumError: 1 });
      const partitions = [good, bad, good].map((records, index) => ({ index, records }));
      const topics = [{ name: topic, partitions }];
      const answer = await world.raw.ask(produce, { ...produceRequest(topic, null), topics });
      const codes = answer.topics[0]?.partitions.map(({ index, errorCode }) => [index, errorCode]);
      expect(Object.fromEntries(codes ?? [])).toEqual({
        0: errorCodes.none,
        1: errorCodes.corruptMessage,
        2: errorCodes.none,
      });
    });

    it.each([
      ["a wrong checksum", { checksumError: 1 }, errorCodes.corruptMessage],
      ["an older format", { magic: 1 }, errorCodes.invalidRecord],
      ["a format of the future", { magic: 3 }, errorCodes.corruptMessage],
      ["fewer records than it says", { lastOffsetDelta: 5 }, errorCodes.invalidRecord],
      ["a time days ahead", { timestampMs: Date.now() + 3 * 86_400_000 }, errorCodes.invalidTimestamp],
    ])("a batch with %s is refused and not kept", async (_, flaw, code) => {
      const topic = await world.topic();
      const answer = await world.produce(topic, { values: ["a"], ...flaw });
      expect(answer).toMatchObject({ errorCode: code, baseOffset: -1 });
      expect(await world.fetch(topic, 0)).toMatchObject({ highWatermark: 0, sizeBytes: 0 });
    });

    it.each([
      ["two batches", Buffer.concat([buildBatch({ values: ["a"] }), buildBatch({ values: ["b"] })])],
      ["no batch", Buffer.alloc(0)],
    ])("%s instead of one batch: refused", async (_, records) => {
      const topic = await world.topic();
      const { errorCode } = await world.produce(topic, records);
      expect(errorCode).not.toBe(errorCodes.none);
    });

    it("takes a batch of a megabyte and none that is larger than the topic allows", async () => {
      const topic = await world.topic();
      const values = ["x".repeat(1_048_000)];
      expect(await world.produce(topic, { values })).toMatchObject({ errorCode: errorCodes.none });
      expect(await world.produce(topic, { values: ["x".repeat(1_100_000)] })).toMatchObject({
        errorCode: errorCodes.messageTooLarge,
      });
      const small = await world.topic(1, { "max.message.bytes": "200" });
      expect(await world.produce(small, { values: ["x".repeat(300)] })).toMatchObject({
        errorCode: errorCodes.messageTooLarge,
      });
      expect(await world.produce(small, { values: ["x"] })).toMatchObject({ errorCode: errorCodes.none });
    });
  });
}
