import { randomUUID } from "node:crypto";
import type { GetMessage, Message } from "amqplib";
import type { EachMessagePayload } from "kafkajs";
import type { ProbeTarget } from "../../../cli/ready/probe.js";
import { auditStream, ordersExchange } from "../../../contracts/topology.js";
import { createKafka } from "../../../kit/kafka.js";
import { withRabbitmq } from "../../stack/stores.js";
import { copyMark, isOriginal, shuffle } from "../disorder.js";

/**
 * Every message that ever passed in either direction is sent once more, in another order.
 * @returns how many
 */
export function repeatMessages(rabbitmq: ProbeTarget, random: () => number): Promise<number> {
  return withRabbitmq(rabbitmq, async (channel) => {
    const end = randomUUID();
    // What stands before this has passed until now.
    channel.sendToQueue(auditStream, Buffer.from("end"), { persistent: true, messageId: end });
    await channel.waitForConfirms();
    await channel.prefetch(500);
    const originals: Message[] = [];
    await new Promise<void>((resolve, reject) => {
      channel.once("error", reject);
      channel.once("close", () => reject(new Error("RabbitMQ closed the channel")));
      const take = (message: Message | null) => {
        if (message === null) return reject(new Error("the stream is gone"));
        channel.ack(message);
        const { headers, messageId } = message.properties;
        if (messageId === end) return resolve();
        if (isOriginal(headers) && message.fields.exchange === ordersExchange) originals.push(message);
      };
      const options = { consumerTag: end, arguments: { "x-stream-offset": "first" } };
      channel.consume(auditStream, take, options).catch(reject);
    });
    await channel.cancel(end);
    for (const message of shuffle(originals, random)) publishCopy(channel, message);
    await channel.waitForConfirms();
    return originals.length;
  });
}

/**
 * What waits in the queue of a dead consumer comes to it in another order, each message twice.
 * @returns how many waited
 */
export function shuffleQueue(rabbitmq: ProbeTarget, queue: string, random: () => number): Promise<number> {
  return withRabbitmq(rabbitmq, async (channel) => {
    const waiting: GetMessage[] = [];
    const { messageCount } = await channel.checkQueue(queue);
    while (waiting.length < messageCount) {
      const message = await channel.get(queue);
      if (message === false) break;
      waiting.push(message);
    }
    for (const message of shuffle([...waiting, ...waiting], random)) publishCopy(channel, message);
    await channel.waitForConfirms();
    for (const message of waiting) channel.ack(message);
    await channel.checkQueue(queue);
    return waiting.length;
  });
}

export function countMessages(rabbitmq: ProbeTarget, queue: string): Promise<number> {
  return withRabbitmq(rabbitmq, async (channel) => (await channel.checkQueue(queue)).messageCount);
}

type Channel = Parameters<Parameters<typeof withRabbitmq>[1]>[0];

function publishCopy(
  channel: Channel,
  {
    content,
    fields,
    properties,
  }: Pick<Message, "content" | "properties"> & { readonly fields: { readonly routingKey: string } },
): void {
  const headers = { ...properties.headers, [copyMark]: "1" };
  channel.publish(ordersExchange, fields.routingKey, content, { ...properties, headers, persistent: true });
}

/**
 * Every record of the topic is written once more, in another order and to another partition, where a consumer that is
 * behind may read it before the original.
 * @returns how many
 */
export async function scatterRecords(
  { host, port }: ProbeTarget,
  topic: string,
  random: () => number,
): Promise<number> {
  const broker = { brokers: [`${host}:${port}`], timeoutMs: 10_000, retries: 8 };
  const kafka = await createKafka({ clientId: "scatter", ...broker });
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  const consumer = kafka.consumer({ groupId: `scatter-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const originals = (await readUntil(consumer, ends)).filter(({ message }) => isOriginal(message.headers));
    const messages = shuffle(originals, random).map(({ partition, message: { key, value, headers } }) => ({
      partition: (partition + 1) % ends.length,
      key,
      value,
      headers: { ...headers, [copyMark]: "1" },
    }));
    for (let from = 0; from < messages.length; from += recordsOfRequest) {
      const some = messages.slice(from, from + recordsOfRequest);
      await producer.send({ topic, acks: -1, messages: some });
    }
    return messages.length;
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect(), consumer.disconnect()]);
  }
}

/** Well below the 1 MiB that the broker takes for a partition. */
const recordsOfRequest = 500;

/** How many records of the topics the group has not read. */
export async function countUnread(
  { host, port }: ProbeTarget,
  groupId: string,
  topics: readonly string[],
): Promise<number> {
  const broker = { brokers: [`${host}:${port}`], timeoutMs: 10_000, retries: 8 };
  const admin = (await createKafka({ clientId: "scatter", ...broker })).admin();
  await admin.connect();
  try {
    const counts = topics.map(async (topic) => {
      const [read] = await admin.fetchOffsets({ groupId, topics: [topic] });
      const offsets = new Map(read?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      const ends = await admin.fetchTopicOffsets(topic);
      return ends.map(({ partition, high }) => Number(high) - Math.max(0, offsets.get(partition) ?? 0));
    });
    return (await Promise.all(counts)).flat().reduce((sum, count) => sum + count, 0);
  } finally {
    await admin.disconnect();
  }
}

type Consumer = ReturnType<Awaited<ReturnType<typeof createKafka>>["consumer"]>;
type Entry = Pick<EachMessagePayload, "partition" | "message">;

/** @param ends `high` is the offset of the next record */
async function readUntil(
  consumer: Consumer,
  ends: readonly { readonly partition: number; readonly high: string }[],
): Promise<Entry[]> {
  const missing = new Map(
    ends.filter(({ high }) => high !== "0").map(({ partition, high }) => [partition, Number(high) - 1]),
  );
  const entries: Entry[] = [];
  if (missing.size === 0) return entries;
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async (entry: Entry) => {
      entries.push(entry);
      const last = missing.get(entry.partition) ?? Number.POSITIVE_INFINITY;
      if (Number(entry.message.offset) >= last) missing.delete(entry.partition);
      if (missing.size === 0) resolve();
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  return entries;
}
