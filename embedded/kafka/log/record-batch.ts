import { crc32c } from "../../storage/crc32c.js";
import { KafkaError } from "../errors.js";

/** Header of a record batch, format v2 (Kafka documentation, "Record Batch"). */
export interface RecordBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** Of the whole batch with its header. */
  readonly sizeBytes: number;
  readonly magic: number;
  readonly attributes: number;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  /** -1: not idempotent. */
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

export const batchHeaderBytes = 61;
const compressionMask = 0x07;
const transactionalFlag = 0x10;
const controlFlag = 0x20;
/** message.timestamp.after.max.ms of Apache Kafka. */
const futureLimitMs = 60 * 60 * 1000;

function readInt64(bytes: Buffer, position: number): number {
  return bytes.readInt32BE(position) * 2 ** 32 + bytes.readUInt32BE(position + 4);
}

/** @returns undefined when fewer bytes are left than a header has */
export function readBatchHeader(bytes: Buffer, position: number): RecordBatch | undefined {
  if (position + batchHeaderBytes > bytes.length) return undefined;
  const baseOffset = readInt64(bytes, position);
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(position + 23),
    sizeBytes: bytes.readInt32BE(position + 8) + 12,
    magic: bytes.readInt8(position + 16),
    attributes: bytes.readInt16BE(position + 21),
    baseTimestampMs: readInt64(bytes, position + 27),
    maxTimestampMs: readInt64(bytes, position + 35),
    producerId: readInt64(bytes, position + 43),
    producerEpoch: bytes.readInt16BE(position + 51),
    baseSequence: bytes.readInt32BE(position + 53),
    recordCount: bytes.readInt32BE(position + 57),
  };
}

/** Whether the checksum, which covers all behind itself, fits; the batch must lie in the bytes. */
export function hasValidChecksum(bytes: Buffer, position: number, sizeBytes: number): boolean {
  return bytes.readUInt32BE(position + 17) === crc32c(bytes, position + 21, position + sizeBytes);
}

/** What a broker alone decides, and the checksum leaves out: base offset and leader epoch. */
export function placeBatch(bytes: Buffer, baseOffset: number): void {
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  bytes.writeInt32BE(0, 12);
}

/** The number of a compression codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
export function compressionOf(batch: RecordBatch): number {
  return batch.attributes & compressionMask;
}

/**
 * The one batch of a Produce request, checked as Apache Kafka's LogValidator does.
 * @throws KafkaError
 */
export function validateRecords(bytes: Buffer, maxMessageBytes: number, nowMs: number): RecordBatch {
  if (bytes.length === 0) throw new KafkaError("INVALID_RECORD", "no record batch was sent");
  // The magic byte first: what v0 and v1 have before it lies elsewhere.
  const magic = bytes.length >= 17 ? bytes.readInt8(16) : 2;
  if (magic !== 2) {
    throw new KafkaError(
      magic < 2 ? "INVALID_RECORD" : "CORRUPT_MESSAGE",
      "only record batches v2 are taken",
    );
  }
  const batch = readBatchHeader(bytes, 0);
  if (!batch || batch.sizeBytes < batchHeaderBytes || batch.sizeBytes > bytes.length) {
    throw new KafkaError("CORRUPT_MESSAGE", "a record batch is not complete");
  }
  if (batch.sizeBytes > maxMessageBytes) {
    throw new KafkaError(
      "MESSAGE_TOO_LARGE",
      `a batch of ${batch.sizeBytes} bytes is larger than max.message.bytes, ${maxMessageBytes}`,
    );
  }
  if (batch.maxTimestampMs > nowMs + futureLimitMs) {
    throw new KafkaError("INVALID_TIMESTAMP", "a timestamp is more than an hour ahead");
  }
  if (bytes.length > batch.sizeBytes) {
    throw new KafkaError("INVALID_RECORD", "one record batch at a time");
  }
  validateBatch(batch, bytes);
  return batch;
}

function validateBatch(batch: RecordBatch, bytes: Buffer): void {
  const { attributes, recordCount } = batch;
  if (!hasValidChecksum(bytes, 0, bytes.length)) {
    throw new KafkaError("CORRUPT_MESSAGE", "the checksum of a record batch is wrong");
  }
  if ((attributes & (transactionalFlag | controlFlag)) !== 0) {
    throw new KafkaError("INVALID_RECORD", "transactions are not supported");
  }
  if (recordCount < 1 || batch.lastOffset - batch.baseOffset !== recordCount - 1) {
    throw new KafkaError("INVALID_RECORD", "offsets and number of records do not agree");
  }
  if (batch.producerId >= 0 && (batch.baseSequence < 0 || batch.producerEpoch < 0)) {
    throw new KafkaError("INVALID_RECORD", "an idempotent producer's batch has no sequence");
  }
  if (compressionOf(batch) === 0) checkRecords(bytes, recordCount);
}

/** A batch whose lengths do not add up would stop every consumer behind it. */
function checkRecords(batch: Buffer, recordCount: number): void {
  let count = 0;
  const reader = new VarintReader(batch, batchHeaderBytes);
  while (count < recordCount && reader.position < batch.length) {
    const lengthBytes = reader.read();
    if (lengthBytes < 0) break;
    reader.position += lengthBytes;
    count += 1;
  }
  if (count !== recordCount || reader.position !== batch.length) {
    throw new KafkaError("INVALID_RECORD", "the records do not fill their batch");
  }
}

/** Zigzag-encoded variable length integers, as in Protocol Buffers. */
export class VarintReader {
  readonly #bytes: Buffer;
  position: number;

  constructor(bytes: Buffer, position: number) {
    this.#bytes = bytes;
    this.position = position;
  }

  /** @returns NaN past the end */
  read(): number {
    let value = 0;
    let factor = 1;
    for (let length = 0; length < 10; length += 1) {
      const byte = this.#bytes[this.position];
      if (byte === undefined) return Number.NaN;
      this.position += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 128;
    }
    return Number.NaN;
  }
}
