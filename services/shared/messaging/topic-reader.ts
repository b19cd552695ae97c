import type { TSchema } from "typebox";
import { messageHeaders } from "../../../contracts/message-headers.js";
import { deadLetterTopic, deliveryLimit } from "../../../contracts/topology.js";
import { createKafka } from "../../../kit/kafka.js";
import { addDeadLettersTotal, addKafkaConsumerLagRecords } from "../metrics.js";
import { type Checked, compile } from "../validate.js";
import { type BatchOutcome, handleBatch, waitUntilUp } from "./handle-batch.js";
import type { TopicConsumer, TopicRecord } from "./kafka-link.js";
import { createBackOff, type LinkContext, pause, readMessage, toReason } from "./messages.js";
import { SocketSet } from "./socket-set.js";

type Kafka = Awaited<ReturnType<typeof createKafka>>;
type KafkaConsumer = ReturnType<Kafka["consumer"]>;
type Payload = Parameters<NonNullable<NonNullable<Parameters<KafkaConsumer["run"]>[0]>["eachBatch"]>>[0];
type KafkaMessage = Payload["batch"]["messages"][number];
type AnyRecord = TopicRecord<Record<string, TSchema>>;

interface ReaderContext extends LinkContext {
  readonly brokers: readonly string[];
  sendDeadLetter(topic: string, message: Pick<KafkaMessage, "key" | "value" | "headers">): Promise<void>;
}

/** A record that holds up its partition. */
interface Failure {
  readonly offset: string;
  readonly nextDelayMs: () => number;
  times: number;
}

/** A record as it came, and as it could be read. */
interface Entry {
  readonly message: KafkaMessage;
  readonly read: Checked<unknown>;
  readonly record: AnyRecord;
}

const timeoutMs = 5_000;
const heartbeatMs = 3_000;
const leaveLimitMs = 3_000;
const firstDelayMs = 100;
const lastDelayMs = 2_000;
/** An answer comes as soon as there is a record; so long a close may have to wait for one. */
const maxWaitMs = 1_000;
/** So long partitions that were added are not read: kafkajs leaves them alone for five minutes. */
const metadataMaxAgeMs = 5_000;
const defaultLingerMs = 25;
const defaultMaxBatch = 200;

/** Takes the records of a group's topics, from one kafkajs consumer to the next. */
export class TopicReader {
  readonly #options: TopicConsumer<Record<string, TSchema>>;
  readonly #context: ReaderContext;
  readonly #checks: ReadonlyMap<string, (value: unknown) => Checked<unknown>>;
  readonly #closing = new AbortController();
  readonly #failures = new Map<string, Failure>();
  /** Told of from the start: what never rises is seen to be there. */
  readonly #deadLetters: ReturnType<typeof addDeadLettersTotal>;
  readonly #lag: ReturnType<typeof addKafkaConsumerLagRecords>;
  readonly #running: Promise<void>;

  constructor(options: TopicConsumer<Record<string, TSchema>>, context: ReaderContext) {
    this.#options = options;
    this.#context = context;
    this.#deadLetters = addDeadLettersTotal(context.metrics);
    this.#lag = addKafkaConsumerLagRecords(context.metrics);
    this.#checks = new Map(Object.entries(options.topics).map(([topic, schema]) => [topic, compile(schema)]));
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let delayMs = firstDelayMs;
    let told = false;
    while (!signal.aborted) {
      const sockets = new SocketSet();
      const consumer = await this.#createConsumer(sockets);
      consumer.on(consumer.events.GROUP_JOIN, () => {
        delayMs = firstDelayMs;
        told = false;
      });
      try {
        await this.#read(consumer);
      } catch (error) {
        const fields = { groupId: this.#options.groupId, reason: toReason(error) };
        if (!told) this.#context.log.warn(fields, "Kafka cannot be read");
        told = true;
      }
      // kafkajs may wait for ever for an answer of a broker that went away.
      const limit = new AbortController();
      const left = consumer.disconnect().catch(() => {});
      await Promise.race([left, pause(leaveLimitMs, limit.signal)]);
      limit.abort();
      sockets.destroy();
      await pause(delayMs, signal);
      delayMs = Math.min(delayMs * 2, lastDelayMs);
    }
  }

  async #createConsumer(sockets: SocketSet): Promise<KafkaConsumer> {
    const { name, brokers } = this.#context;
    const kafka = await createKafka({
      ...{ clientId: name, brokers, timeoutMs },
      // A coordinator is found only some time after its broker is there.
      retries: 5,
      openSocket: (host, port) => sockets.open(host, port),
    });
    return kafka.consumer({
      groupId: this.#options.groupId,
      sessionTimeout: 10_000,
      heartbeatInterval: heartbeatMs,
      // So long a new member waits for one that died without a word, as all do with a restart of the broker.
      rebalanceTimeout: 3_000,
      maxWaitTimeInMs: maxWaitMs,
      metadataMaxAge: metadataMaxAgeMs,
      minBytes: 1,
      retry: {
        // For a minute it asks as the member that it is: a new one would have to wait until this one is given up.
        retries: 30,
        initialRetryTime: firstDelayMs,
        maxRetryTime: lastDelayMs,
        // Whether to begin again is said here: kafkajs would go on after it was stopped.
        restartOnFailure: async () => false,
      },
    });
  }

  /** Until it is closed or kafkajs gives up. */
  async #read(consumer: KafkaConsumer): Promise<void> {
    const { signal } = this.#closing;
    let end = () => {};
    const ended = new Promise<void>((resolve, reject) => {
      end = resolve;
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    });
    // It may crash while connect() is under way, which tells of it as well.
    ended.catch(() => {});
    signal.addEventListener("abort", end);
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: Object.keys(this.#options.topics), fromBeginning: true });
      await consumer.run({
        // What was resolved is committed after each batch, also when that ends with an error.
        autoCommit: true,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 3,
        eachBatch: (payload) => keepAlive(payload, () => this.#take(payload, consumer)),
      });
      if (!signal.aborted) await ended;
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  /** A batch of one partition, in runs of records that can be read. */
  async #take(payload: Payload, consumer: KafkaConsumer): Promise<void> {
    const { topic, partition, messages, highWatermark } = payload.batch;
    const entries = messages.map((message) => this.#parse(payload, message));
    const { maxBatch = defaultMaxBatch, lingerMs = defaultLingerMs } = this.#options;
    let next = 0;
    const settle = (count: number) => {
      const offset = messages[next + count - 1]?.offset;
      if (count === 0 || offset === undefined) return;
      payload.resolveOffset(offset);
      const lag = Number(BigInt(highWatermark) - BigInt(offset) - 1n);
      this.#lag.set({ topic, partition }, lag);
      next += count;
    };
    while (next < entries.length && payload.isRunning() && !payload.isStale()) {
      const entry = entries[next] as Entry;
      if (!entry.read.ok) {
        await this.#putAside(entry, entry.read.reason);
        settle(1);
        continue;
      }
      const end = entries.findIndex(({ read }, index) => index > next && !read.ok);
      const { done, failed, down } = await this.#handle(
        entries.slice(next, Math.min(end < 0 ? entries.length : end, next + maxBatch)),
      );
      settle(done.length);
      if (down !== undefined) await this.#waitUntilUp(payload, down);
      else if (failed[0] !== undefined) {
        const { message: held, error } = failed[0];
        if (this.#holdUp(held, error, consumer)) return;
        await this.#putAside(held, `failed ${deliveryLimit} times: ${toReason(error)}`);
        settle(1);
      }
      if (this.#closing.signal.aborted) return;
    }
    await pause(lingerMs, this.#closing.signal);
  }

  #parse({ batch: { topic, partition } }: Payload, message: KafkaMessage): Entry {
    const headers = Object.fromEntries(
      Object.entries(message.headers ?? {}).map(([name, value]) => [name, String([value].flat()[0] ?? "")]),
    );
    const check = this.#checks.get(topic) as (value: unknown) => Checked<unknown>;
    const read = readMessage(message.value ?? Buffer.alloc(0), check);
    const value = read.ok ? read.value : undefined;
    const key = message.key?.toString() ?? "";
    return { message, read, record: { topic, key, value, headers, partition, offset: message.offset } };
  }

  #handle(entries: readonly Entry[]): Promise<BatchOutcome<Entry>> {
    const entryOf = new Map(entries.map((entry) => [entry.record, entry]));
    return handleBatch(
      entries.map(({ record }) => record),
      {
        handle: (batch) => this.#options.handle(batch),
        probe: () => this.#options.probe(),
        putAside: (record, reason) => this.#putAside(entryOf.get(record) as Entry, reason),
        inOrder: true,
      },
    ).then(({ done, failed, down }) => ({
      done: done.map((record) => entryOf.get(record) as Entry),
      failed: failed.map(({ message, error }) => ({ message: entryOf.get(message) as Entry, error })),
      down,
    }));
  }

  async #waitUntilUp({ batch: { topic }, heartbeat }: Payload, down: unknown): Promise<void> {
    const { log } = this.#context;
    log.warn({ topic, reason: toReason(down) }, "paused: a dependency is down");
    await waitUntilUp(() => this.#options.probe(), this.#closing.signal, heartbeat);
    log.info({ topic }, "resumed");
  }

  /** Pauses the partition before the record, so that others go on; false when that was done often enough. */
  #holdUp({ record }: Entry, error: unknown, consumer: KafkaConsumer): boolean {
    const { topic, partition, offset } = record;
    const place = `${topic}/${partition}`;
    const known = this.#failures.get(place);
    const failure = known?.offset === offset ? known : { offset, times: 0, nextDelayMs: createBackOff() };
    failure.times += 1;
    if (failure.times >= deliveryLimit) {
      this.#failures.delete(place);
      return false;
    }
    this.#failures.set(place, failure);
    this.#context.log.error(
      { topic, partition, offset, error },
      "a record failed alone and holds up its partition",
    );
    const partitions = [{ topic, partitions: [partition] }];
    consumer.pause(partitions);
    setTimeout(() => {
      try {
        consumer.resume(partitions);
      } catch {
        // It has stopped meanwhile, which kafkajs throws for; the consumer after it has paused nothing.
      }
    }, failure.nextDelayMs()).unref();
    return true;
  }

  async #putAside({ message, record }: Entry, reason: string): Promise<void> {
    const { topic, partition, offset } = record;
    const { key, value, headers } = message;
    await this.#context.sendDeadLetter(deadLetterTopic(topic), {
      key,
      value,
      headers: { ...headers, [messageHeaders.reason]: toReason(reason) },
    });
    this.#deadLetters.inc({ source: topic });
    this.#context.log.warn({ topic, partition, offset, reason }, "dead letter");
  }
}

/**
 * Heartbeats while the work lasts: kafkajs sends none meanwhile, and what a slow store takes longer for than the
 * session lasts would come again for ever. @throws what a heartbeat rejected with, after the work: the group has to be
 * joined again
 */
async function keepAlive({ heartbeat }: Payload, work: () => Promise<void>): Promise<void> {
  let lost: unknown;
  const beat = () =>
    heartbeat().catch((error: unknown) => {
      lost = error;
    });
  const timer = setInterval(beat, heartbeatMs).unref();
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  if (lost !== undefined) throw lost;
}
