import { afterAll, beforeAll, expect, it } from "vitest";
import { type KafkaForClients, startKafkaForClients } from "./kafka-broker.js";
import { expectRoundTrip, pythonClient } from "./kafka-python.js";
import { describeProgram } from "./programs.js";

describeProgram("python3-kafka", () => {
  const client = pythonClient("kafka_python_client.py");
  let broker: KafkaForClients;

  beforeAll(async () => {
    broker = await startKafkaForClients();
  });

  afterAll(() => broker?.close());

  it.each(["none", "gzip"])("produces with codec %s, and consumes as a group that goes on", async (codec) => {
    const topic = `codec-${codec}`;
    await broker.createTopic(topic);
    await expectRoundTrip(client, { broker: broker.address, topic, codec, word: "python" });
  });

  it("finds offsets", async () => {
    await broker.createTopic("offsets");
    const beforeMs = Date.now();
    await client.run(broker.address, "produce", "offsets", "none", 5);
    const byTime = (timestampMs: number) => client.run(broker.address, "offsets", "offsets", timestampMs);
    expect(await byTime(beforeMs)).toEqual({ first: 0, end: 5, byTime: 0 });
    expect(await byTime(Date.now() + 60_000)).toEqual({ first: 0, end: 5, byTime: null });
  });

  it("makes, grows, describes and deletes topics and groups", async () => {
    await broker.createTopic("read");
    await client.run(broker.address, "produce", "read", "none", 3);
    await client.consume(broker.address, { topic: "read", group: "readers", count: 3 });
    expect(await client.run(broker.address, "admin", "made-by-python", "readers")).toEqual({
      again: "TopicAlreadyExistsError",
      partitions: 4,
      retention: "60000",
      listed: true,
      state: "Empty",
      offsets: [3],
      left: false,
      topicLeft: false,
    });
  });

  it("is told nothing for which the broker complained", () => {
    expect(broker.complaints).toEqual([]);
  });
});
