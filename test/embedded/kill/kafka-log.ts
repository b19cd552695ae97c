import { decodeTestBatches } from "../../../embedded/kafka/testing/record-batches.js";
import { fetch, listOffsets } from "../../contract/kafka/wire/apis.js";
import type { RawConnection } from "../../contract/kafka/wire/connection.js";
import { errorCodes } from "../../contract/kafka/wire/error-codes.js";
import type { RuntimeProcess } from "../support/runtime-process.js";

export function brokerOf({ ports }: RuntimeProcess): string {
  return `127.0.0.1:${ports.kafka}`;
}

export interface PartitionContent {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly records: readonly { readonly offset: number; readonly value: string | null }[];
}

/** Everything from the start of the log, or the given offset, to its end. */
export async function readPartition(
  raw: RawConnection,
  { topic, index, from = 0 }: { readonly topic: string; readonly index: number; readonly from?: number },
): Promise<PartitionContent> {
  const records: { offset: number; value: string | null }[] = [];
  for (let offset = from; ; ) {
    const { error, partition } = await fetchOnce(raw, { topic, index, offset });
    const { logStartOffset: startOffset, highWatermark: endOffset } = partition;
    const first = error === errorCodes.offsetOutOfRange ? await askFirstOffset(raw, { topic, index }) : -1;
    if (first > offset) {
      offset = first;
      continue;
    }
    if (error !== 0) throw new Error(`fetch of ${topic}-${index} at ${offset}: error ${error}`);
    const read = decodeTestBatches(partition.records ?? Buffer.alloc(0));
    records.push(...read.filter((record) => record.offset >= offset));
    if (offset >= endOffset) return { startOffset, endOffset, records };
    const last = records.at(-1)?.offset ?? -1;
    if (last < offset) throw new Error(`nothing of ${topic}-${index} at ${offset} of ${endOffset}`);
    offset = last + 1;
  }
}

async function askFirstOffset(
  raw: RawConnection,
  { topic, index }: { readonly topic: string; readonly index: number },
): Promise<number> {
  const earliest = { index, timestampMs: -2 };
  const answer = await raw.ask(listOffsets, {
    replicaId: -1,
    topics: [{ name: topic, partitions: [earliest] }],
  });
  return answer.topics[0]?.partitions[0]?.offset ?? -1;
}

async function fetchOnce(
  raw: RawConnection,
  { topic, index, offset }: { readonly topic: string; readonly index: number; readonly offset: number },
) {
  const maxBytes = 64 * 1024 * 1024;
  const wanted = { index, currentLeaderEpoch: -1, offset, logStartOffset: -1, maxBytes };
  const answer = await raw.ask(fetch, {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes,
    isolation: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ name: topic, partitions: [wanted] }],
    forgotten: [],
  });
  const partition = answer.topics[0]?.partitions[0];
  if (partition === undefined) throw new Error(`no partition ${index} of ${topic} in the answer`);
  return { error: partition.errorCode, partition };
}
