import { describe, expect, it } from "vitest";
import { collect } from "./collect.js";
import { nameProducer } from "./name-producer.js";
import { errorCodes } from "./wire/error-codes.js";
import type { World } from "./world.js";

export function describeIdempotence(world: World): void {
  describe("idempotent producing", () => {
    it("gives every producer an id of its own", async () => {
      const producers = [];
      for (let times = 0; times < 5; times += 1) producers.push(await nameProducer(world));
      expect(new Set(producers.map(({ producerId }) => producerId)).size).toBe(5);
      for (const producer of producers) expect(producer).toMatchObject({ producerEpoch: 0 });
    });

    it("answers a batch that comes again with its first offset and keeps it once", async () => {
      const topic = await world.topic();
      const producer = await nameProducer(world);
      const batches = [0, 2, 4].map((baseSequence) => ({ values: ["a", "b"], ...producer, baseSequence }));
      for (const batch of batches) {
        expect(await world.produce(topic, batch)).toMatchObject({
          errorCode: 0,
          baseOffset: batch.baseSequence,
        });
      }
      for (const batch of batches) {
        expect(await world.produce(topic, batch)).toMatchObject({
          errorCode: 0,
          baseOffset: batch.baseSequence,
        });
      }
      expect((await world.fetch(topic, 0)).highWatermark).toBe(6);
    });

    it("refuses a batch after a gap, and takes the missing one then", async () => {
      const topic = await world.topic();
      const producer = await nameProducer(world);
      expect(await world.produce(topic, { values: ["a"], ...producer, baseSequence: 0 })).toMatchObject({
        errorCode: errorCodes.none,
      });
      expect(await world.produce(topic, { values: ["c"], ...producer, baseSequence: 2 })).toMatchObject({
        errorCode: errorCodes.outOfOrderSequence,
      });
      expect(await world.produce(topic, { values: ["b"], ...producer, baseSequence: 1 })).toMatchObject({
        errorCode: errorCodes.none,
        baseOffset: 1,
      });
    });

    it("counts sequences by partition and producer", async () => {
      const [first, second] = [await world.topic(), await world.topic()];
      const [one, other] = [await nameProducer(world), await nameProducer(world)];
      for (const topic of [first, second]) {
        for (const producer of [one, other]) {
          const answer = await world.produce(topic, { values: ["a"], ...producer, baseSequence: 0 });
          expect(answer.errorCode).toBe(errorCodes.none);
        }
        expect((await world.fetch(topic, 0)).highWatermark).toBe(2);
      }
    });

    it("refuses an older epoch, and a newer one that does not begin at 0", async () => {
      const topic = await world.topic();
      const { producerId } = await nameProducer(world);
      const send = async (producerEpoch: number, baseSequence: number) =>
        (await world.produce(topic, { values: ["a"], producerId, producerEpoch, baseSequence })).errorCode;
      expect(await send(0, 0)).toBe(errorCodes.none);
      expect(await send(1, 1)).toBe(errorCodes.outOfOrderSequence);
      expect(await send(1, 0)).toBe(errorCodes.none);
      expect(await send(0, 1)).toBe(errorCodes.invalidProducerEpoch);
    });

    it("starts again after the largest sequence", async () => {
      const topic = await world.topic();
      const producer = await nameProducer(world);
      const largest = 0x7fffffff;
      const send = async (baseSequence: number) =>
        (await world.produce(topic, { values: ["a"], ...producer, baseSequence })).errorCode;
      expect(await send(largest)).toBe(errorCodes.none);
      expect(await send(0)).toBe(errorCodes.none);
      expect(await send(1)).toBe(errorCodes.none);
    });

    it("is what kafkajs asks for with idempotent: true", async () => {
      const topic = await world.topic();
      const producer = world.kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
      await producer.connect();
      for (const value of ["a", "b", "c"]) await producer.send({ topic, messages: [{ value }] });
      await producer.disconnect();
      expect((await collect(world, topic, 3)).map(({ value }) => value)).toEqual(["a", "b", "c"]);
    });
  });
}
