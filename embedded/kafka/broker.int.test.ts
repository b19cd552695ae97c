import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Kafka } from "kafkajs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKafka } from "../../kit/kafka.js";
import { startKafkaBroker } from "./start-kafka-broker.js";
import { startTestBroker, type TestBroker } from "./testing/start-test-broker.js";

const topic = "order-events-v1";
const closers: (() => Promise<void>)[] = [];
let broker: TestBroker;

beforeEach(async () => {
  broker = await startTestBroker([{ name: topic, partitions: 3 }]);
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await broker.remove();
});

function client(): Promise<Kafka> {
  return createKafka({ clientId: "test", brokers: [broker.address], timeoutMs: 5000, retries: 2 });
}

async function produce(messages: { key: string; value: string }[]): Promise<void> {
  const producer = (await client()).producer({ idempotent: true });
  await producer.connect();
  try {
    await producer.send({ topic, messages });
  } finally {
    await producer.disconnect();
  }
}

/** Reads with a consumer group until there are so many. */
async function consume(groupId: string, count: number): Promise<string[]> {
  const consumer = (await client()).consumer({ groupId });
  await consumer.connect();
  closers.push(() => consumer.disconnect());
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const values: string[] = [];
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
      values.push(String(message.value));
      if (values.length === count) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  return values;
}

async function admin() {
  const connected = (await client()).admin();
  await connected.connect();
  closers.push(() => connected.disconnect());
  return connected;
}

const messages = Array.from({ length: 100 }, (_, index) => ({
  key: `user-${index % 7}`,
  value: String(index),
}));
const values = messages.map(({ value }) => value);
const byNumber = (one: string, other: string) => Number(one) - Number(other);

describe("the embedded Kafka broker, with kafkajs", () => {
  it("gives a group what an idempotent producer sent, in order of each key", async () => {
    await produce(messages);
    const seen = await consume("readers", messages.length);
    expect([...seen].sort(byNumber)).toEqual(values);
    for (let key = 0; key < 7; key += 1) {
      const ofKey = seen.filter((value) => Number(value) % 7 === key);
      expect(ofKey).toEqual([...ofKey].sort(byNumber));
    }
  });

  it("keeps topics, records, cluster id and configuration over a restart", async () => {
    const before = await admin();
    const { clusterId } = await before.describeCluster();
    const configEntries = [{ name: "retention.ms", value: "123456" }];
    await before.createTopics({ topics: [{ topic: "other", numPartitions: 2, configEntries }] });
    await produce(messages);
    for (const close of closers.splice(0)) await close();

    broker = await broker.restart();
    const after = await admin();
    expect((await after.describeCluster()).clusterId).toBe(clusterId);
    expect((await after.listTopics()).sort()).toEqual([topic, "other"]);
    const described = await after.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: "other", configNames: ["retention.ms"] }],
    });
    expect(described.resources[0]?.configEntries[0]).toMatchObject({
      configValue: "123456",
      isDefault: false,
    });
    expect((await consume("readers", messages.length)).sort(byNumber)).toEqual(values);
  });

  it("creates, grows and deletes topics, and refuses what cannot be", async () => {
    const client = await admin();
    expect(await client.createTopics({ topics: [{ topic: "made", numPartitions: 2 }] })).toBe(true);
    expect(await client.createTopics({ topics: [{ topic: "made", numPartitions: 2 }] })).toBe(false);
    await client.createPartitions({ topicPartitions: [{ topic: "made", count: 5 }] });
    const { topics } = await client.fetchTopicMetadata({ topics: ["made"] });
    expect(topics[0]?.partitions.map(({ partitionId }) => partitionId)).toEqual([0, 1, 2, 3, 4]);
    await client.deleteTopics({ topics: ["made"] });
    expect(await client.listTopics()).toEqual([topic]);
    await expect(client.fetchTopicMetadata({ topics: ["made"] })).rejects.toMatchObject({ code: 3 });
    const tooMany = { topics: [{ topic: "large", numPartitions: 100_000 }] };
    await expect(client.createTopics(tooMany)).rejects.toMatchObject({ errors: [{ code: 44 }] });
    const wrongName = { topics: [{ topic: "no spaces" }] };
    await expect(client.createTopics(wrongName)).rejects.toMatchObject({ errors: [{ code: 17 }] });
    const collision = { topics: [{ topic: "order-events.v1" }, { topic: "a.b" }, { topic: "a_b" }] };
    await expect(client.createTopics(collision)).rejects.toMatchObject({ errors: [{ code: 17 }] });
  });

  it("alters configurations and refuses unknown ones", async () => {
    const client = await admin();
    const alter = (name: string, value: string) =>
      client.alterConfigs({
        validateOnly: false,
        resources: [{ type: 2, name: topic, configEntries: [{ name, value }] }],
      });
    await alter("max.message.bytes", "200");
    await expect(produce([{ key: "k", value: "x".repeat(500) }])).rejects.toMatchObject({ code: 10 });
    await expect(alter("no.such", "1")).rejects.toMatchObject({ code: 40 });
    await expect(alter("cleanup.policy", "compact")).rejects.toMatchObject({ code: 40 });
  });

  it("finds offsets by time, and deletes records", async () => {
    await produce([
      { key: "one", value: "1" },
      { key: "one", value: "2" },
    ]);
    const client = await admin();
    const [used] = (await client.fetchTopicOffsets(topic)).filter(({ high }) => high === "2");
    const partition = used?.partition ?? -1;
    const inTheFuture = await client.fetchTopicOffsetsByTimestamp(topic, Date.now() + 100_000);
    expect(inTheFuture.find((each) => each.partition === partition)?.offset).toBe("2");
    const longAgo = await client.fetchTopicOffsetsByTimestamp(topic, 1);
    expect(longAgo.find((each) => each.partition === partition)?.offset).toBe("0");
    await client.deleteTopicRecords({ topic, partitions: [{ partition, offset: "1" }] });
    const after = (await client.fetchTopicOffsets(topic)).find((each) => each.partition === partition);
    expect(after).toMatchObject({ low: "1", high: "2" });
  });

  it("lists, describes and deletes groups", async () => {
    await produce(messages);
    await consume("readers", messages.length);
    const client = await admin();
    expect((await client.listGroups()).groups).toEqual([{ groupId: "readers", protocolType: "consumer" }]);
    const { groups } = await client.describeGroups(["readers"]);
    expect(groups[0]).toMatchObject({ state: "Stable", members: [{ clientId: "test" }] });
    await expect(client.deleteGroups(["readers"])).rejects.toMatchObject({ groups: [{ errorCode: 68 }] });
    await closers.splice(0, 1)[0]?.();
    await client.deleteGroups(["readers"]);
    expect((await client.listGroups()).groups).toEqual([]);
  });
});

describe("the start of the embedded Kafka broker", () => {
  const start = (port: number) =>
    startKafkaBroker({ host: "127.0.0.1", port, dataFolder: broker.dataFolder, topics: [], log: () => {} });

  it.each([
    ["topics.json", "{ half", "DATA_DAMAGED"],
    ["topics.json", '{ "version": 99 }', "DATA_NEWER"],
    ["topics.json", '{ "version": 1, "topics": 3 }', "DATA_DAMAGED"],
    ["broker.json", "[]", "DATA_DAMAGED"],
  ])("names %s when it holds %s", async (name, content, code) => {
    await broker.close();
    await writeFile(join(broker.dataFolder, name), content);
    await expect(start(0)).rejects.toMatchObject({ code, message: expect.stringContaining(name) });
  });

  it("says that the port is taken, and can be tried again", async () => {
    const holder = broker;
    broker = await startTestBroker();
    await broker.close();
    await expect(start(holder.port)).rejects.toMatchObject({ code: "EADDRINUSE" });
    await holder.remove();
    const second = await start(holder.port);
    expect(second.address).toBe(`127.0.0.1:${holder.port}`);
    await second.close();
  });
});
