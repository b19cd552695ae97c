import { createSerial } from "../../../kit/serial.js";
import { type Broker, type Handler, leaderEpoch } from "../broker.js";
import { KafkaError, kafkaErrors } from "../errors.js";
import type { PartitionLog } from "../log/partition-log.js";
import type { Reader } from "../protocol/reader.js";
import type { Client } from "../server/listen.js";
import { explainPartitionError, readTopic, type TopicList, writeTopicList } from "./topic-lists.js";

/** Of one answer, whatever the client allows. */
const answerLimitBytes = 8 * 1024 * 1024;
/** Of answers that clients have not taken yet: beyond it each fetch gets one batch. */
const unsentLimitBytes = 32 * 1024 * 1024;
/** No client waits longer; a connection that is gone is noticed at once anyway. */
const waitLimitMs = 300_000;

interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly sessionId: number;
  readonly topics: readonly TopicList<WantedPartition>[];
}

interface WantedPartition {
  readonly index: number;
  readonly leaderEpoch: number;
  readonly offset: number;
  readonly maxBytes: number;
}

interface FetchedPartition {
  readonly index: number;
  readonly errorCode: number;
  readonly endOffset: number;
  readonly startOffset: number;
  readonly records: Buffer;
}

const noRecords = Buffer.alloc(0);

/** Fetch. Sessions (KIP-227) are not kept: the answer's session id 0 tells clients to name all partitions each time. */
export const fetch: Handler = async (broker, { version, reader, writer, client }) => {
  const request = readRequest(reader, version);
  const errorCode = request.sessionId === 0 ? kafkaErrors.NONE : kafkaErrors.FETCH_SESSION_ID_NOT_FOUND;
  const topics = errorCode === kafkaErrors.NONE ? await collect(broker, request, client) : [];
  if (version >= 7) writer.int16(errorCode).int32(0);
  return writeTopicList(writer, topics, (partition) => {
    writer.int32(partition.index).int16(partition.errorCode);
    // No transactions: everything up to the end is stable, nothing was aborted.
    writer.int64(partition.endOffset).int64(partition.endOffset);
    if (version >= 5) writer.int64(partition.startOffset);
    writer.int32(-1);
    if (version >= 11) writer.int32(-1);
    writer.bytes(partition.records);
  });
};

function readRequest(reader: Reader, version: number): FetchRequest {
  // Replica id: -1, a consumer.
  reader.int32();
  const maxWaitMs = Math.max(0, Math.min(reader.int32(), waitLimitMs));
  const minBytes = reader.int32();
  const maxBytes = reader.int32();
  reader.int8();
  const sessionId = version >= 7 ? reader.int32() : 0;
  if (version >= 7) reader.int32();
  const readPartition = (): WantedPartition => {
    const index = reader.int32();
    const epoch = version >= 9 ? reader.int32() : -1;
    const offset = reader.int64();
    if (version >= 5) reader.int64();
    return { index, leaderEpoch: epoch, offset, maxBytes: reader.int32() };
  };
  const topics = reader.array(() => readTopic(reader, readPartition));
  return { maxWaitMs, minBytes: Math.min(minBytes, maxBytes, answerLimitBytes), maxBytes, sessionId, topics };
}

/** One fetch reads at a time: however many clients ask at once, what they do not take stays bounded. */
const readInTurn = createSerial();

/** Reads until there are `minBytes`, a partition has an error, or the time is over. */
async function collect(
  broker: Broker,
  request: FetchRequest,
  client: Client,
): Promise<TopicList<FetchedPartition>[]> {
  const deadlineMs = performance.now() + request.maxWaitMs;
  const logs = new Set<PartitionLog>();
  for (const { name, partitions } of request.topics) {
    for (const { index } of partitions) {
      const log = broker.topics.partition(name, index);
      if (log !== undefined) logs.add(log);
    }
  }
  for (;;) {
    const growth = watchGrowth(logs);
    try {
      const { topics, sizeBytes, failed } = await readInTurn(() =>
        readAll(broker, request, unsentLimitBytes - client.unsentBytes()),
      );
      const leftMs = deadlineMs - performance.now();
      if (failed || sizeBytes >= request.minBytes || leftMs <= 0 || client.signal.aborted) return topics;
      await growth.wait({
        sizeBytes: request.minBytes - sizeBytes,
        timeoutMs: leftMs,
        signal: client.signal,
      });
    } finally {
      growth.end();
    }
  }
}

async function readAll(
  broker: Broker,
  request: FetchRequest,
  freeBytes: number,
): Promise<{ topics: TopicList<FetchedPartition>[]; sizeBytes: number; failed: boolean }> {
  const limitBytes = Math.max(0, Math.min(request.maxBytes, answerLimitBytes, freeBytes));
  let sizeBytes = 0;
  let failed = false;
  const topics: TopicList<FetchedPartition>[] = [];
  for (const { name, partitions } of request.topics) {
    const fetched: FetchedPartition[] = [];
    for (const wanted of partitions) {
      const roomBytes = Math.min(wanted.maxBytes, limitBytes - sizeBytes);
      const partition = await readPartition(broker, name, { ...wanted, roomBytes, isFirst: sizeBytes === 0 });
      sizeBytes += partition.records.length;
      failed ||= partition.errorCode !== kafkaErrors.NONE;
      fetched.push(partition);
    }
    topics.push({ name, partitions: fetched });
  }
  return { topics, sizeBytes, failed };
}

async function readPartition(
  broker: Broker,
  topic: string,
  wanted: WantedPartition & { readonly roomBytes: number; readonly isFirst: boolean },
): Promise<FetchedPartition> {
  const { index, offset, roomBytes, isFirst } = wanted;
  const fetched = { index, errorCode: kafkaErrors.NONE, endOffset: -1, startOffset: -1, records: noRecords };
  try {
    const log = broker.topics.requirePartition(topic, index);
    checkLeaderEpoch(wanted.leaderEpoch);
    const hasRecords = offset >= log.startOffset && offset < log.endOffset;
    const isWanted = offset !== log.endOffset && (!hasRecords || roomBytes > 0 || isFirst);
    const records = isWanted ? await log.read(offset, Math.max(0, roomBytes)) : noRecords;
    const { endOffset, startOffset } = log;
    // At least one batch, be it too large, but only as the first of the answer (KIP-74).
    const fits = isFirst || records.length <= roomBytes;
    return { ...fetched, endOffset, startOffset, records: fits ? records : noRecords };
  } catch (error) {
    return { ...fetched, errorCode: explainPartitionError(broker, { topic, index, error }).code };
  }
}

/** KIP-320; -1 is a client that does not know the epoch. @throws KafkaError */
export function checkLeaderEpoch(known: number): void {
  if (known > leaderEpoch) throw new KafkaError("UNKNOWN_LEADER_EPOCH", "A leader epoch of the future.");
}

interface Growth {
  /** Resolves when the logs have grown by so much since the watch began, in time, or when the client has gone. */
  wait(until: { sizeBytes: number; timeoutMs: number; signal: AbortSignal }): Promise<void>;
  end(): void;
}

function watchGrowth(logs: ReadonlySet<PartitionLog>): Growth {
  const total = () => [...logs].reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
  const startBytes = total();
  let hasMoved = false;
  let check = () => {};
  const ends = [...logs].map((log) =>
    log.onEndMoved(() => {
      hasMoved = true;
      check();
    }),
  );
  return {
    wait: ({ sizeBytes, timeoutMs, signal }) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          check = () => {};
          resolve();
        };
        const timer = setTimeout(done, timeoutMs);
        signal.addEventListener("abort", done);
        check = () => {
          // Retention may shrink the logs meanwhile: who wants anything at all is not made to wait by that.
          if (hasMoved && (sizeBytes <= 1 || total() - startBytes >= sizeBytes)) done();
        };
        check();
      }),
    end: () => {
      for (const end of ends) end();
    },
  };
}
