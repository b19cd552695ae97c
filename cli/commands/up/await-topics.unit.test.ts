import { describe, expect, it } from "vitest";
import { awaitTopics } from "./await-topics.js";

const topic = "order-events-v1";

/** A Kafka that has the topic from `atMs` on, and its time. */
function kafkaWith({ atMs }: { atMs: number }) {
  const asked: number[] = [];
  let nowMs = 0;
  return {
    asked,
    find: async () => {
      asked.push(nowMs);
      return nowMs >= atMs ? [] : [topic];
    },
    pause: async (durationMs: number) => {
      nowMs += durationMs;
    },
  };
}

describe("awaitTopics", () => {
  it("misses nothing that is made a good two seconds later, and asks no longer than needed", async () => {
    const kafka = kafkaWith({ atMs: 2_100 });
    expect(await awaitTopics({ ...kafka, hasProducers: true })).toEqual([]);
    expect(kafka.asked.at(-1)).toBe(2_250);
  });

  it("asks once where the topics are there", async () => {
    const kafka = kafkaWith({ atMs: 0 });
    expect(await awaitTopics({ ...kafka, hasProducers: true })).toEqual([]);
    expect(kafka.asked).toEqual([0]);
  });

  it("names after three seconds what nobody makes", async () => {
    const kafka = kafkaWith({ atMs: Number.POSITIVE_INFINITY });
    expect(await awaitTopics({ ...kafka, hasProducers: true })).toEqual([topic]);
    expect(kafka.asked.at(-1)).toBe(3_000);
  });

  it("waits for nobody where nothing runs that would make them", async () => {
    const kafka = kafkaWith({ atMs: 100 });
    expect(await awaitTopics({ ...kafka, hasProducers: false })).toEqual([topic]);
    expect(kafka.asked).toEqual([0]);
  });
});
