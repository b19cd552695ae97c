import { afterAll, beforeAll, expect, it } from "vitest";
import { type KafkaForClients, startKafkaForClients } from "./kafka-broker.js";
import { expectRoundTrip, pythonClient } from "./kafka-python.js";
import { describeProgram } from "./programs.js";

const codecs = ["none", "gzip", "snappy", "lz4", "zstd"];

describeProgram("python3-confluent-kafka", () => {
  const client = pythonClient("confluent_client.py");
  let broker: KafkaForClients;

  beforeAll(async () => {
    broker = await startKafkaForClients();
  });

  afterAll(() => broker?.close());

  it.each(codecs)(
    "produces idempotently with codec %s, and consumes as a group that goes on",
    async (codec) => {
      const topic = `codec-${codec}`;
      await broker.createTopic(topic);
      await expectRoundTrip(client, { broker: broker.address, topic, codec, word: "confluent" });
    },
  );

  it("finds offsets", async () => {
    await broker.createTopic("offsets");
    const beforeMs = Date.now();
    await client.run(broker.address, "produce", "offsets", "none", 5);
    const byTime = (timestampMs: number) => client.run(broker.address, "offsets", "offsets", timestampMs);
    expect(await byTime(beforeMs)).toEqual({ first: 0, end: 5, byTime: 0 });
    // librdkafka's word for "at the end".
    expect(await byTime(Date.now() + 60_000)).toEqual({ first: 0, end: 5, byTime: -1 });
  });

  it("makes, grows, configures and deletes topics", async () => {
    expect(await client.run(broker.address, "admin", "made-by-confluent")).toEqual({
      made: null,
      again: "TOPIC_ALREADY_EXISTS",
      grown: null,
      retention: "60000",
      changed: null,
      retentionNow: "90000",
      partitions: 4,
      deleted: null,
      topicLeft: false,
    });
  });

  it("is told nothing for which the broker complained", () => {
    expect(broker.complaints).toEqual([]);
  });
});
