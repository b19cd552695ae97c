import { connect, type Socket } from "node:net";
import type { Decoder as WireDecoder } from "./drivers/kafkajs-wire.js";

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface ClusterView {
  readonly brokers: ReadonlyMap<number, string>;
  /** An `errorCode` other than 0: no such topic, or not allowed. */
  readonly topics: readonly {
    readonly name: string;
    readonly errorCode: number;
    readonly isInternal: boolean;
    /** A leader of -1: none at the moment. */
    readonly partitions: readonly { readonly partition: number; readonly leader: number }[];
  }[];
}

export interface FetchedPartition extends TopicPartition {
  readonly errorCode: number;
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: number }[];
  /** Whole batches; the last one may be cut off. */
  readonly batches: Buffer;
}

/** Timestamps that ListOffsets understands beside those in Unix milliseconds. */
export const offsetAt = { end: -1, beginning: -2 } as const;

/** One connection to one broker. Requests are answered in their order: a long fetch keeps others waiting. */
export interface KafkaConnection {
  /** None named: all topics. Never creates one. */
  describe(topics: readonly string[]): Promise<ClusterView>;
  /** The offset of the first record with that time or a later one; -1 where there is none. */
  findOffsets(wanted: readonly TopicPartition[], timestampMs: number): Promise<(TopicPartition & Found)[]>;
  fetch(
    wanted: readonly (TopicPartition & { next: number })[],
    limits: { readonly maxWaitMs: number },
  ): Promise<FetchedPartition[]>;
  /** At once; what is under way is rejected. */
  close(): void;
}

export interface Found {
  readonly offset: number;
  readonly errorCode: number;
}

/** A message larger than that still comes, alone (KIP-74). */
const partitionLimitBytes = 1024 * 1024;
const answerLimitBytes = 4 * 1024 * 1024;
/** What consumers see by default: nothing of a transaction that is open or was aborted. */
const readCommitted = 1;

/** @throws Error with a code of the system's or "Connection timeout" in its message */
export async function openKafkaConnection(address: string, timeoutMs: number): Promise<KafkaConnection> {
  const wire = await import("./drivers/kafkajs-wire.js");
  const { host, port } = splitAddress(address);
  let socket: Socket | undefined;
  const connection = new wire.Connection({
    ...{ host, port, clientId: "mybroker-tail", logger: wire.silent },
    ...{ connectionTimeout: timeoutMs, requestTimeout: timeoutMs, enforceRequestTimeout: true },
    socketFactory: ({ onConnect }) => {
      socket = connect(
        { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 },
        onConnect,
      );
      return socket;
    },
  });
  const close = () => {
    // Its own disconnect waits for the answers of what is under way; without the socket that is an error at once.
    socket?.destroy(new Error("closed"));
    void connection.disconnect().catch(() => {});
  };
  await connection.connect().catch((error) => {
    close();
    throw error;
  });
  const parse = <T>(answer: T) => answer;
  return {
    describe: async (topics) => {
      const request = wire.metadataRequest({ topics, allowAutoTopicCreation: false });
      const { decode } = wire.metadataResponse;
      const { brokers, topicMetadata } = await connection.send({ request, response: { decode, parse } });
      return {
        brokers: new Map(brokers.map((broker) => [broker.nodeId, `${broker.host}:${broker.port}`])),
        topics: topicMetadata.map(({ topic, topicErrorCode, isInternal, partitionMetadata }) => ({
          ...{ name: topic, errorCode: topicErrorCode, isInternal },
          partitions: partitionMetadata.map(({ partitionId: partition, leader }) => ({ partition, leader })),
        })),
      };
    },
    findOffsets: async (wanted, timestampMs) => {
      const entries = wanted.map(({ topic, partition }) => ({
        topic,
        partitions: [{ partition, timestamp: timestampMs }],
      }));
      const topics = groupByTopic(entries);
      const request = wire.offsetsRequest({ replicaId: -1, isolationLevel: readCommitted, topics });
      const { decode } = wire.offsetsResponse;
      const { responses } = await connection.send({ request, response: { decode, parse } });
      return responses.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, errorCode, offset }) => ({
          ...{ topic, partition, errorCode, offset: Number(offset) },
        })),
      );
    },
    fetch: (wanted, { maxWaitMs }) => {
      const entries = wanted.map(({ topic, partition, next }) => ({
        topic,
        partitions: [{ partition, fetchOffset: next, maxBytes: partitionLimitBytes }],
      }));
      const request = wire.fetchRequest({
        ...{ replicaId: -1, isolationLevel: readCommitted, topics: groupByTopic(entries) },
        ...{ maxWaitTime: maxWaitMs, minBytes: 1, maxBytes: answerLimitBytes },
      });
      const decode = (payload: Buffer) => decodeFetched(new wire.Decoder(payload));
      return connection.send({ request, response: { decode, parse }, requestTimeout: maxWaitMs + timeoutMs });
    },
    close,
  };
}

function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) };
}

/** Brokers refuse a topic that is named twice in a request. */
function groupByTopic<T>(
  entries: readonly { readonly topic: string; readonly partitions: readonly T[] }[],
): { topic: string; partitions: T[] }[] {
  const byTopic = new Map<string, T[]>();
  for (const { topic, partitions } of entries) {
    const known = byTopic.get(topic);
    if (known === undefined) byTopic.set(topic, [...partitions]);
    else known.push(...partitions);
  }
  return [...byTopic].map(([topic, partitions]) => ({ topic, partitions }));
}

/** https://kafka.apache.org/protocol: Fetch Response (Version: 10), with its batches left as they are. */
function decodeFetched(decoder: InstanceType<typeof WireDecoder>): FetchedPartition[] {
  decoder.readInt32();
  const errorCode = decoder.readInt16();
  decoder.readInt32();
  if (errorCode !== 0) throw new Error(`the broker refused to be read: error ${errorCode}`);
  const topics = decoder.readArray((d) => {
    const topic = d.readString();
    return d.readArray((p) => decodePartition(topic, p));
  });
  return topics.flat();
}

function decodePartition(topic: string, decoder: InstanceType<typeof WireDecoder>): FetchedPartition {
  const partition = decoder.readInt32();
  const errorCode = decoder.readInt16();
  // High watermark, last stable offset, log start offset.
  for (let count = 0; count < 3; count += 1) decoder.readInt64();
  const aborted = decoder.readArray((d) => ({
    producerId: d.readInt64(),
    firstOffset: Number(d.readInt64()),
  }));
  return { topic, partition, errorCode, aborted, batches: decoder.readBytes() ?? Buffer.alloc(0) };
}
