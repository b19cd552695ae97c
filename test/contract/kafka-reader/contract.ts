import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { decode } from "../../../cli/streams/record.js";
import { type ContractBroker, createWorld, type World, waitUntil } from "../kafka/world.js";
import { describeChanges } from "./changes.js";
import { type Followed, type FollowOptions, follow } from "./follow.js";
import { describeOutages } from "./outages.js";

/** What the parts of the suite need; valid inside tests. */
export interface ReaderWorld {
  readonly world: World;
  readonly brokers: readonly string[];
  /** Of this broker where none is named; ends with the test. */
  follow(options: Omit<FollowOptions, "brokers"> & Partial<FollowOptions>): Promise<Followed>;
  /** One batch; a partition is 0 where none is given. */
  publish(topic: string, messages: readonly Message[]): Promise<void>;
}

export interface Message {
  readonly value: string | null;
  readonly key?: string;
  readonly partition?: number;
  readonly headers?: Record<string, string>;
  /** Unix milliseconds, as text. */
  readonly timestamp?: string;
}

/** What `tail` reads of a Kafka, on Apache Kafka as docker-compose.yml sets it up and on the embedded broker alike. */
export function describeKafkaReader(
  name: string,
  start: () => Promise<ContractBroker>,
  more: (reader: ReaderWorld) => void = () => {},
): void {
  describe(`reading ${name}`, () => {
    const world = createWorld();
    let broker: ContractBroker;
    const followed: Followed[] = [];

    const reader: ReaderWorld = {
      world,
      get brokers() {
        return broker.brokers;
      },
      follow: async (options) => {
        const opened = await follow({ brokers: broker.brokers, ...options });
        followed.push(opened);
        return opened;
      },
      publish: async (topic, messages) => {
        const producer = world.kafka.producer({ allowAutoTopicCreation: false });
        await producer.connect();
        await producer.send({ topic, messages: messages.map((message) => ({ partition: 0, ...message })) });
        await producer.disconnect();
      },
    };

    beforeAll(async () => {
      broker = await start();
      await world.open(broker);
    });

    afterEach(async () => {
      for (const one of followed.splice(0)) await one.close();
    });

    afterAll(() => world.close());

    describeRecords(reader);
    describeStarts(reader);
    describeTraces(reader);
    describeChanges(reader);
    describeOutages(reader);
    more(reader);
  });
}

function describeRecords({ world, follow, publish }: ReaderWorld): void {
  it("gives key, headers, time, place and payload, tombstones as such", async () => {
    const topic = await world.topic(2);
    const at = Date.now() - 5_000;
    await publish(topic, [
      { value: '{"n":1}', key: "a", headers: { traceparent: "00-1", "x-reason": "né" }, timestamp: `${at}` },
      { value: null, key: "b", partition: 1, timestamp: `${at + 1}` },
      { value: "plain", headers: { "x-published-at": `${at + 2}` }, timestamp: `${at + 900}` },
    ]);
    const { records, caughtUp, info } = await follow({ topics: [topic], start: "beginning" });
    await caughtUp;
    expect(info).toMatchObject({
      ...{ partitions: 2, history: { records: 3 }, describe: `kafka ${topic} (2 partitions)` },
    });
    const common = { source: "kafka", kind: "topic", stream: topic, note: undefined };
    expect(records).toHaveLength(3);
    const [first, second, third] = records;
    expect(first).toMatchObject({ ...common, key: "a", partition: 0, offset: 0, publishedMs: at });
    expect(first?.headers).toEqual({ traceparent: "00-1", "x-reason": "né" });
    expect(decode(first as never)).toEqual({ n: 1 });
    expect(second).toMatchObject({ ...common, key: "b", partition: 1, offset: 0, bytes: null });
    expect(third).toMatchObject({ ...common, key: null, partition: 0, offset: 1, publishedMs: at + 2 });
    expect(decode(third as never)).toBeUndefined();
  });

  it("gives a record that is larger than what it asks for at once", async () => {
    const topic = await world.topic(1, { "max.message.bytes": "8000000" });
    const large = "x".repeat(5_000_000);
    await publish(topic, [{ value: large }]);
    await publish(topic, [{ value: "small" }]);
    const { values, caughtUp } = await follow({ topics: [topic], start: "beginning" });
    await caughtUp;
    expect(values().map((value) => value?.length)).toEqual([large.length, 5]);
  });
}

function describeStarts({ world, follow, publish }: ReaderWorld): void {
  const startMs = Date.now() - 60_000;
  /** 30 records over three partitions, a second apart. */
  const publishThirty = async () => {
    const topic = await world.topic(3);
    const messages = Array.from({ length: 30 }, (_, index) => ({
      ...{ value: `${index}`, partition: index % 3, timestamp: `${startMs + index * 1000}` },
    }));
    await publish(topic, messages);
    return topic;
  };
  const numbers = (from: number) => Array.from({ length: 30 - from }, (_, index) => `${from + index}`);

  it.each([
    ["the beginning", "beginning" as const, 0],
    ["the last 10 of all partitions", { last: 10 }, 20],
    ["more than there are", { last: 100 }, 0],
    ["a time", { sinceMs: startMs + 24_500 }, 25],
    ["a time after all of them", { sinceMs: Date.now() + 60_000 }, 30],
    ["now", "now" as const, 30],
  ])("begins with %s, and follows", async (_name, start, first) => {
    const topic = await publishThirty();
    const { values, caughtUp } = await follow({ topics: [topic], start });
    await caughtUp;
    expect(values()).toEqual(numbers(first));
    await publish(topic, [{ value: "live" }]);
    await waitUntil(async () => values().length === 30 - first + 1);
    expect(values().at(-1)).toBe("live");
  });

  it("merges the past of several topics by time", async () => {
    const [one, other] = [await publishThirty(), await publishThirty()];
    const { records, caughtUp } = await follow({ topics: [one, other], start: { last: 7 } });
    await caughtUp;
    const seconds = records.map(({ publishedMs }) => (publishedMs - startMs) / 1000);
    expect(seconds).toEqual([26, 27, 27, 28, 28, 29, 29]);
  });
}

function describeTraces({ world, follow, publish }: ReaderWorld): void {
  it("leaves no group, and makes no topic", async () => {
    const topic = await world.topic();
    const state = async () => ({
      groups: (await world.admin.listGroups()).groups.map(({ groupId }) => groupId).sort(),
      topics: (await world.admin.listTopics()).sort(),
    });
    const before = await state();
    const missing = world.name("missing");
    const followed = await follow({
      topics: [topic, { name: missing, mayBeMissing: true }],
      start: "beginning",
    });
    await publish(topic, [{ value: "a" }]);
    await waitUntil(async () => followed.records.length === 1);
    expect(await state()).toEqual(before);
    await followed.close();
    expect(await state()).toEqual(before);
  });

  it("names the nearest topic where there is none of that name", async () => {
    const topic = await world.topic();
    await expect(follow({ topics: [`${topic}x`], start: "now" })).rejects.toMatchObject({
      ...{ code: "kafka.unknown-topic", exitCode: 2, message: expect.stringContaining(`${topic}x`) },
      hint: expect.stringContaining(`tail --kafka ${topic}`),
    });
  });
}
