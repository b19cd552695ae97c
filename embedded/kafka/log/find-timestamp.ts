import zlib from "node:zlib";
import { batchHeaderBytes, compressionOf, VarintReader } from "./record-batch.js";
import type { ScannedBatch } from "./scan-batches.js";

export interface OffsetAtTime {
  readonly offset: number;
  readonly timestampMs: number;
}

/** A batch that unpacks to more is answered for as a whole. */
const unpackLimitBytes = 64 * 1024 * 1024;

type Unpack = (bytes: Buffer, options: { maxOutputLength: number }) => Buffer;

/** zstd came with Node 22.15; snappy and lz4 are in no Node. */
const unpackers: Readonly<Record<number, Unpack | undefined>> = {
  1: zlib.gunzipSync,
  4: (zlib as { zstdDecompressSync?: Unpack }).zstdDecompressSync,
};

/**
 * The first record of a batch at or after both offset and timestamp. Of a batch that cannot be unpacked, its first
 * offset with its largest timestamp: a reader that begins there misses nothing.
 */
export function findTimestamp(
  { batch, bytes }: ScannedBatch,
  timestampMs: number,
  minOffset: number,
): OffsetAtTime | undefined {
  if (batch.maxTimestampMs < timestampMs || batch.lastOffset < minOffset) return undefined;
  const records = unpackRecords(compressionOf(batch), bytes.subarray(batchHeaderBytes));
  if (!records) return { offset: Math.max(batch.baseOffset, minOffset), timestampMs: batch.maxTimestampMs };
  const reader = new VarintReader(records, 0);
  while (reader.position < records.length) {
    const lengthBytes = reader.read();
    const end = reader.position + lengthBytes;
    if (!(lengthBytes > 0)) return undefined;
    reader.position += 1;
    const recordTimestampMs = batch.baseTimestampMs + reader.read();
    const offset = batch.baseOffset + reader.read();
    if (recordTimestampMs >= timestampMs && offset >= minOffset) {
      return { offset, timestampMs: recordTimestampMs };
    }
    reader.position = end;
  }
  return undefined;
}

function unpackRecords(compression: number, bytes: Buffer): Buffer | undefined {
  if (compression === 0) return bytes;
  try {
    return unpackers[compression]?.(bytes, { maxOutputLength: unpackLimitBytes });
  } catch {
    return undefined;
  }
}
