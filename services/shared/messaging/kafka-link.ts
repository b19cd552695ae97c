import type { Static, TSchema } from "typebox";
import { messageHeaders } from "../../../contracts/message-headers.js";
import { topics as knownTopics } from "../../../contracts/topology.js";
import { createKafka } from "../../../kit/kafka.js";
import { type Consumer, type LinkContext, pause, toReason, withTrace } from "./messages.js";
import { TopicReader } from "./topic-reader.js";

export interface OutgoingRecord {
  readonly key: string;
  /** Sent as JSON; text is JSON already. */
  readonly value: object | string;
  readonly messageId: string;
  /** Default traceparent: that of the request or message at hand. message-id and x-published-at are added. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type TopicRecord<Topics extends Readonly<Record<string, TSchema>>> = {
  [Topic in keyof Topics & string]: {
    readonly topic: Topic;
    readonly key: string;
    readonly value: Static<Topics[Topic]>;
    readonly headers: Readonly<Record<string, string>>;
    readonly partition: number;
    /** A 64-bit number. */
    readonly offset: string;
  };
}[keyof Topics & string];

export interface TopicConsumer<Topics extends Readonly<Record<string, TSchema>>> {
  /** A new group begins with the oldest record. */
  readonly groupId: string;
  readonly topics: Topics;
  /** How long it lets more records gather after a batch before it asks for the next; default 25. */
  readonly lingerMs?: number;
  /** Default 200. */
  readonly maxBatch?: number;
  /**
   * Records of one partition in their order; batches of other partitions may be handled at the same time. Resolved:
   * the offsets are committed. Rejected with InvalidMessage: that one goes to `<topic>.dlt` and the others are handed
   * over again. Rejected otherwise: see probe.
   */
  handle(batch: TopicRecord<Topics>[]): Promise<void>;
  /**
   * Rejects while what handle depends on is down; asked after each failure of handle. Down: the consumer waits, asking
   * every second. Up: the batch is handed over one by one; what fails alone holds up its partition, is tried again
   * after 1 s, doubling to 30 s, and goes to `<topic>.dlt` after 50 times.
   */
  probe(): Promise<void>;
}

/** One producer and one consumer a group, reconnected for ever. */
export interface KafkaLink {
  /** Those of contracts/topology.ts with these names; waits for the broker as long as it takes. */
  ensureTopics(names: readonly string[]): Promise<void>;
  /** One request to each leader, acks=all, in order per key. @throws Error: some or all may have arrived */
  send(topic: string, records: readonly OutgoingRecord[]): Promise<void>;
  /** Begins as soon as the broker and the topics are there. */
  consume<Topics extends Readonly<Record<string, TSchema>>>(options: TopicConsumer<Topics>): Consumer;
  /** Rejects when the broker does not answer. */
  ping(): Promise<void>;
  /** Closes the consumers, then the producer. */
  close(): Promise<void>;
}

export interface KafkaLinkSettings extends LinkContext {
  /** "host:port" each. */
  readonly brokers: readonly string[];
}

/** Connects at the first use: a broker that is away is no failure. */
export function openKafkaLink(settings: KafkaLinkSettings): KafkaLink {
  return new Link(settings);
}

type Kafka = Awaited<ReturnType<typeof createKafka>>;
type Producer = ReturnType<Kafka["producer"]>;
type Admin = ReturnType<Kafka["admin"]>;

const timeoutMs = 5_000;
const retryMs = 1_000;

class Link implements KafkaLink {
  readonly #settings: KafkaLinkSettings;
  readonly #kafka: Promise<Kafka>;
  readonly #closing = new AbortController();
  readonly #readers = new Set<TopicReader>();
  #producer: Promise<Producer> | undefined;
  #admin: Promise<Admin> | undefined;

  constructor(settings: KafkaLinkSettings) {
    this.#settings = settings;
    this.#kafka = createKafka({ clientId: settings.name, brokers: settings.brokers, timeoutMs, retries: 0 });
  }

  async ensureTopics(names: readonly string[]): Promise<void> {
    const topics = names.map((name) => ({
      topic: name,
      numPartitions: knownTopics.find((known) => known.name === name)?.partitions ?? 1,
    }));
    let told = false;
    while (!this.#closing.signal.aborted) {
      try {
        return await this.#createTopics(topics);
      } catch (error) {
        if (!told) this.#settings.log.warn({ reason: toReason(error) }, "Kafka is away");
        told = true;
        await pause(retryMs, this.#closing.signal);
      }
    }
  }

  async send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return;
    const publishedAt = String(Date.now());
    const messages = records.map(({ key, value, messageId, headers }) => ({
      key,
      value: typeof value === "string" ? value : JSON.stringify(value),
      headers: {
        ...withTrace(headers),
        [messageHeaders.messageId]: messageId,
        [messageHeaders.publishedAt]: publishedAt,
      },
    }));
    const producer = await this.#connectProducer();
    await producer.send({ topic, acks: -1, timeout: timeoutMs, messages });
  }

  consume<Topics extends Readonly<Record<string, TSchema>>>(options: TopicConsumer<Topics>): Consumer {
    const reader = new TopicReader(options as unknown as TopicConsumer<Record<string, TSchema>>, {
      ...this.#settings,
      sendDeadLetter: async (topic, message) => {
        await this.#createTopics([{ topic, numPartitions: 1 }]);
        await (await this.#connectProducer()).send({
          topic,
          acks: -1,
          timeout: timeoutMs,
          messages: [message],
        });
      },
    });
    this.#readers.add(reader);
    return {
      close: async () => {
        await reader.close();
        this.#readers.delete(reader);
      },
    };
  }

  async ping(): Promise<void> {
    const admin = await this.#connectAdmin();
    await admin.describeCluster();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#readers].map((reader) => reader.close()));
    const clients = await Promise.allSettled([this.#producer, this.#admin]);
    for (const client of clients) {
      if (client.status === "fulfilled") await client.value?.disconnect().catch(() => {});
    }
  }

  async #createTopics(topics: { readonly topic: string; readonly numPartitions: number }[]): Promise<void> {
    const admin = await this.#connectAdmin();
    // Those that exist are left out silently.
    await admin.createTopics({ topics, waitForLeaders: false, timeout: timeoutMs });
  }

  #connectProducer(): Promise<Producer> {
    this.#producer ??= this.#connect((kafka) =>
      kafka.producer({ retry: { retries: 2, initialRetryTime: 50 } }),
    );
    this.#producer.catch(() => {
      this.#producer = undefined;
    });
    return this.#producer;
  }

  #connectAdmin(): Promise<Admin> {
    this.#admin ??= this.#connect((kafka) => kafka.admin({ retry: { retries: 1, initialRetryTime: 50 } }));
    this.#admin.catch(() => {
      this.#admin = undefined;
    });
    return this.#admin;
  }

  async #connect<T extends { connect(): Promise<void> }>(create: (kafka: Kafka) => T): Promise<T> {
    const client = create(await this.#kafka);
    await client.connect();
    return client;
  }
}
