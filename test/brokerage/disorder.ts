import type { Message } from "amqplib";
import type { Kafka, KafkaMessage } from "kafkajs";
import { auditStream, ordersExchange, type Route } from "../../contracts/topology.js";
import { createKafka } from "../../kit/kafka.js";
import { connectRabbitmq } from "../../kit/rabbitmq.js";
import type { System } from "./start-system.js";

/** Header of what was sent once more. */
export const copyMark = "x-copy";
const events = "order-events-v1";
const copiedTopics = [events, "wallet-events-v1"];

/** What brokers and networks may do at their worst, done all the time. */
export interface Disorder {
  /** Messages of RabbitMQ and records of Kafka that were sent once more. */
  readonly copies: { rabbitmq: number; kafka: number };
  /** Of the queue: messages that nobody has been given. */
  count(queue: string): Promise<number>;
  /** Puts what waits in the queue of a stopped consumer into another order, each message twice. */
  shuffleQueue(route: Route): Promise<number>;
  /**
   * The same with what stopped consumer groups have not read of the order events. It comes after `start`, one by one: a
   * reader may put a batch in order that it is given whole.
   */
  shuffleEvents(groupIds: readonly string[], start: () => Promise<void>): Promise<number>;
  /** Resolves when all that passed until now is copied. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

interface Entry {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
}

/**
 * From now on every message of both directions of RabbitMQ comes twice, and every order and wallet event of Kafka too,
 * the copies in an order of their own.
 */
export async function spreadDisorder({ kafka, rabbitmq }: System, random: () => number): Promise<Disorder> {
  const copies = { rabbitmq: 0, kafka: 0 };
  const rabbit = await tapRabbitmq(rabbitmq, { copies, random });
  const log = await tapKafka(kafka, { copies, random });
  return {
    copies,
    ...rabbit.tools,
    ...log.tools,
    settle: async () => {
      await rabbit.settle();
      await log.settle();
    },
    close: async () => {
      await rabbit.close();
      await log.close();
    },
  };
}

interface Tap {
  readonly copies: Disorder["copies"];
  readonly random: () => number;
}

async function tapRabbitmq(login: System["rabbitmq"], { copies, random }: Tap) {
  const connection = await connectRabbitmq({ ...login, timeoutMs: 10_000, connectionName: "disorder" });
  const channel = await connection.createConfirmChannel();
  await channel.prefetch(500);
  const publish = ({ content, fields, properties }: Message) =>
    new Promise<void>((resolve, reject) => {
      const headers = { ...properties.headers, [copyMark]: "1" };
      channel.publish(ordersExchange, fields.routingKey, content, { ...properties, headers }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  const copier = createCopier<Message>(random, async (messages) => {
    await Promise.all(messages.map(publish));
    copies.rabbitmq += messages.length;
  });
  const take = (message: Message | null) => {
    if (message === null) return;
    if (isOriginal(message.properties.headers) && message.fields.exchange === ordersExchange)
      copier.add(message);
    channel.ack(message as never);
  };
  await channel.consume(auditStream, take, { arguments: { "x-stream-offset": "next" } });
  const shuffleQueue = async ({ queue }: Route) => {
    const waiting: Message[] = [];
    for (let next = await channel.get(queue); next !== false; next = await channel.get(queue)) {
      waiting.push(next);
    }
    for (const message of shuffle([...waiting, ...waiting], random)) await publish(message);
    for (const message of waiting) channel.ack(message as never);
    return waiting.length;
  };
  return {
    tools: { shuffleQueue, count: async (queue: string) => (await channel.checkQueue(queue)).messageCount },
    settle: copier.settle,
    close: () => connection.close(),
  };
}

async function tapKafka(broker: string, { copies, random }: Tap) {
  const client = await createKafka({
    clientId: "disorder",
    brokers: [broker],
    timeoutMs: 10_000,
    retries: 8,
  });
  const [admin, producer] = [client.admin(), client.producer()];
  const consumer = client.consumer({ groupId: `disorder-${process.pid}`, maxWaitTimeInMs: 100 });
  await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
  const seen: Entry[] = [];
  const send = async (entries: readonly Entry[]) => {
    const mark = ({ key, value, headers }: KafkaMessage) => ({
      key,
      value,
      headers: { ...headers, [copyMark]: "1" },
    });
    const topicMessages = copiedTopics.map((topic) => ({
      topic,
      messages: entries.filter((entry) => entry.topic === topic).map(({ message }) => mark(message)),
    }));
    await producer.sendBatch({ topicMessages, acks: -1 });
  };
  const copier = createCopier<Entry>(random, async (entries) => {
    await send(entries);
    copies.kafka += entries.length;
  });
  await consumer.subscribe({ topics: copiedTopics, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, partition, message }) => {
      const entry = { topic, partition, message };
      seen.push(entry);
      if (isOriginal(message.headers)) copier.add(entry);
    },
  });
  const shuffleEvents: Disorder["shuffleEvents"] = async (groupIds, start) => {
    const ends = await admin.fetchTopicOffsets(events);
    const last = (partition: number) =>
      Math.max(
        -1,
        ...seen
          .filter((entry) => entry.topic === events && entry.partition === partition)
          .map(({ message }) => Number(message.offset)),
      );
    await waitFor(() => ends.every(({ partition, offset }) => last(partition) >= Number(offset) - 1));
    const unread = new Set<Entry>();
    const skip = async (groupId: string) => {
      const [read] = await admin.fetchOffsets({ groupId, topics: [events] });
      const committed = new Map(
        read?.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]),
      );
      for (const entry of seen) {
        const { topic, partition, message } = entry;
        if (topic === events && Number(message.offset) >= (committed.get(partition) ?? 0)) unread.add(entry);
      }
      await commitAs(client, groupId, ends);
    };
    await Promise.all(groupIds.map(skip));
    await start();
    for (const entry of shuffle([...unread, ...unread], random)) await send([entry]);
    return unread.size;
  };
  return {
    tools: { shuffleEvents },
    settle: copier.settle,
    close: async () => {
      await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()]);
    },
  };
}

/** As a member of its own: kafkajs's setOffsets takes 5 s. */
async function commitAs(
  client: Kafka,
  groupId: string,
  ends: readonly { readonly partition: number; readonly offset: string }[],
): Promise<void> {
  const consumer = client.consumer({ groupId, maxWaitTimeInMs: 50 });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.connect();
  await consumer.subscribe({ topics: [events] });
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => {} });
  await joined;
  await consumer.commitOffsets(ends.map(({ partition, offset }) => ({ topic: events, partition, offset })));
  await consumer.disconnect();
}

const copyEveryMs = 40;

/** Sends about half of what it has every moment, in another order: so some of it comes much later. */
function createCopier<T>(random: () => number, send: (items: readonly T[]) => Promise<void>) {
  let gathered: T[] = [];
  let sending: Promise<void> | undefined;
  let failure: unknown;
  const flush = async () => {
    await new Promise((resolve) => setTimeout(resolve, copyEveryMs));
    const mixed = shuffle(gathered, random);
    gathered = mixed.splice(Math.ceil(mixed.length / 2));
    await send(mixed);
  };
  const next = () => {
    sending ??= flush()
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => {
        sending = undefined;
        if (gathered.length > 0) next();
      });
  };
  return {
    add(item: T) {
      gathered.push(item);
      next();
    },
    async settle() {
      while (sending !== undefined) await sending;
      if (failure !== undefined) throw failure;
    },
  };
}

export function isOriginal(headers: object | undefined): boolean {
  return !(copyMark in (headers ?? {}));
}

export function shuffle<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

async function waitFor(condition: () => boolean): Promise<void> {
  const untilMs = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > untilMs) throw new Error("the tap has not read all order events within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
