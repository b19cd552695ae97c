import { setTimeout as sleep } from "node:timers/promises";
import type { Admin, Kafka } from "kafkajs";
import { createKafka } from "../../../kit/kafka.js";
import { createTopics, fetch, findCoordinator, listOffsets, offsetFetch, produce } from "./wire/apis.js";
import { openRaw, type RawConnection } from "./wire/connection.js";
import { errorCodes } from "./wire/error-codes.js";
import { type BatchSettings, buildBatch, listBatches } from "./wire/record-batch.js";

/** A broker under test: the real one, or ours. */
export interface ContractBroker {
  /** "host:port" each. */
  readonly brokers: readonly string[];
  close(): Promise<void>;
  /** The same data under the same address, after a clean stop. */
  restart?(): Promise<void>;
}

export interface FetchSettings {
  readonly partition?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly partitionMaxBytes?: number;
  readonly leaderEpoch?: number;
}

/** What all parts of the contract need; valid between `open` and `close`. */
export interface World {
  readonly kafka: Kafka;
  readonly admin: Admin;
  /** Shared by tests that leave it as it is. */
  readonly raw: RawConnection;
  readonly canRestart: boolean;
  open(broker: ContractBroker): Promise<void>;
  close(): Promise<void>;
  /** The broker and all that `open` made, again. */
  restart(): Promise<void>;
  /** A further raw connection, closed with the world. */
  connect(): Promise<RawConnection>;
  /** A name that no other test has. */
  name(prefix: string): string;
  /** A new topic. */
  topic(partitions?: number, configs?: Readonly<Record<string, string>>): Promise<string>;
  /** One batch to partition 0; the partition's part of the answer. */
  produce(topic: string, batch: BatchSettings | Buffer): Promise<ProduceAnswer>;
  /** One partition from an offset; its part of the answer and the whole batches in it. */
  fetch(topic: string, offset: number, settings?: FetchSettings): Promise<FetchAnswer>;
}

interface ProduceAnswer {
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly logStartOffset: number;
}

interface FetchAnswer {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly batches: ReturnType<typeof listBatches>;
  readonly sizeBytes: number;
}

interface Opened {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly raw: RawConnection;
}

export function createWorld(): World {
  let broker: ContractBroker | undefined;
  let opened: Opened | undefined;
  let connections: RawConnection[] = [];
  let names = 0;

  const address = () => broker?.brokers[0] ?? "";
  const current = () => {
    if (opened === undefined) throw new Error("the broker is not open");
    return opened;
  };
  const connect = async () => {
    const connection = await openRaw(address());
    connections.push(connection);
    return connection;
  };
  const disconnect = async () => {
    await opened?.admin.disconnect();
    for (const connection of connections) connection.close();
    connections = [];
    opened = undefined;
  };
  const open = async () => {
    const kafka = await createKafka({
      clientId: "contract",
      brokers: [address()],
      timeoutMs: 20_000,
      retries: 5,
    });
    const admin = kafka.admin();
    await admin.connect();
    opened = { kafka, admin, raw: await connect() };
    await waitForCoordinators(opened.raw);
  };
  const name = (prefix: string) => `${prefix}-${process.pid}-${++names}`;

  return {
    get kafka() {
      return current().kafka;
    },
    get admin() {
      return current().admin;
    },
    get raw() {
      return current().raw;
    },
    get canRestart() {
      return broker?.restart !== undefined;
    },
    open: (started) => {
      broker = started;
      return open();
    },
    close: async () => {
      await disconnect();
      await broker?.close();
    },
    restart: async () => {
      await disconnect();
      await broker?.restart?.();
      await open();
    },
    connect,
    name,
    topic: async (partitions = 1, configs = {}) => {
      const topic = name("topic");
      const settings = { name: topic, partitions, replicas: 1, assignments: [] };
      const { topics } = await current().raw.ask(createTopics, {
        topics: [
          { ...settings, configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })) },
        ],
        timeoutMs: 10_000,
        validateOnly: false,
      });
      const [answer] = topics;
      if (answer?.errorCode !== errorCodes.none) throw new Error(`${topic}: ${answer?.errorMessage}`);
      await waitForLeaders(current().raw, topic, partitions);
      return topic;
    },
    produce: (topic, batch) => produceTo(current().raw, topic, batch),
    fetch: (topic, offset, settings) => fetchFrom(current().raw, { topic, offset, ...settings }),
  };
}

/**
 * Apache Kafka makes the topic of its coordinator when it is first asked for one, and each of its three partitions
 * serves the groups whose names fall on it: three names in a row fall on different ones.
 */
async function waitForCoordinators(raw: RawConnection): Promise<void> {
  for (const group of ["a", "b", "c"]) {
    await waitUntil(async () => {
      const { errorCode } = await raw.ask(findCoordinator, { key: group, type: 0 });
      return errorCode === errorCodes.none;
    });
    await waitUntil(async () => {
      const { errorCode } = await raw.ask(offsetFetch, { group, topics: null });
      return errorCode === errorCodes.none;
    });
  }
}

/** Apache Kafka answers that a topic is made before all its parts know of it. */
function waitForLeaders(raw: RawConnection, name: string, count: number): Promise<void> {
  const partitions = Array.from({ length: count }, (_, index) => ({ index, timestampMs: -1 }));
  return waitUntil(async () => {
    const { topics } = await raw.ask(listOffsets, { replicaId: -1, topics: [{ name, partitions }] });
    return topics[0]?.partitions.every(({ errorCode }) => errorCode === errorCodes.none) ?? false;
  });
}

/** Rejects after 20 s. */
export async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 20_000; !(await holds()); ) {
    if (performance.now() > deadline) throw new Error("what was waited for did not come within 20 s");
    await sleep(10);
  }
}

export async function produceTo(
  raw: RawConnection,
  topic: string,
  batch: BatchSettings | Buffer,
): Promise<ProduceAnswer> {
  const records = Buffer.isBuffer(batch) ? batch : buildBatch(batch);
  const { topics } = await raw.ask(produce, produceRequest(topic, records));
  const answer = topics[0]?.partitions[0];
  if (answer === undefined) throw new Error("the broker answered for no partition");
  return answer;
}

export function produceRequest(name: string, records: Buffer | null, acks = -1) {
  const partitions = [{ index: 0, records }];
  return { transactionalId: null, acks, timeoutMs: 10_000, topics: [{ name, partitions }] };
}

export function fetchRequest(name: string, offset: number, settings: FetchSettings = {}) {
  const partition = {
    index: settings.partition ?? 0,
    currentLeaderEpoch: settings.leaderEpoch ?? -1,
    offset,
    logStartOffset: -1,
    maxBytes: settings.partitionMaxBytes ?? 1 << 20,
  };
  return {
    replicaId: -1,
    maxWaitMs: settings.maxWaitMs ?? 0,
    minBytes: settings.minBytes ?? 1,
    maxBytes: settings.maxBytes ?? 50 << 20,
    isolation: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ name, partitions: [partition] }],
    forgotten: [],
  };
}

export async function fetchFrom(
  raw: RawConnection,
  { topic, offset, ...settings }: FetchSettings & { topic: string; offset: number },
): Promise<FetchAnswer> {
  const { topics } = await raw.ask(fetch, fetchRequest(topic, offset, settings));
  const answer = topics[0]?.partitions[0];
  if (answer === undefined) throw new Error("the broker answered for no partition");
  return { ...answer, batches: listBatches(answer.records), sizeBytes: answer.records?.length ?? 0 };
}
