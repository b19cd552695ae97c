import { gzipSync } from "node:zlib";
import { crc32c } from "../../storage/crc32c.js";

export interface TestRecord {
  readonly key?: string | null;
  readonly value?: string | Buffer | null;
  readonly timestampMs?: number;
}

export interface TestBatchOptions {
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly gzip?: boolean;
  /** Added to the compression bits. */
  readonly attributes?: number;
  /** Instead of one less than the number of records. */
  readonly lastOffsetDelta?: number;
  readonly magic?: number;
}

/** A record batch v2 as a producer sends it, by an encoder of the tests' own. */
export function encodeTestBatch(records: readonly TestRecord[], options: TestBatchOptions = {}): Buffer {
  const timestamps = records.map(({ timestampMs }) => timestampMs ?? 1_700_000_000_000);
  const baseTimestampMs = timestamps[0] ?? -1;
  const body = Buffer.concat(
    records.map((record, index) => encodeRecord(record, (timestamps[index] ?? 0) - baseTimestampMs, index)),
  );
  const packed = options.gzip ? gzipSync(body) : body;
  const bytes = Buffer.alloc(61 + packed.length);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt32BE(-1, 12);
  bytes.writeInt8(options.magic ?? 2, 16);
  bytes.writeInt16BE((options.attributes ?? 0) | (options.gzip ? 1 : 0), 21);
  bytes.writeInt32BE(options.lastOffsetDelta ?? records.length - 1, 23);
  bytes.writeBigInt64BE(BigInt(baseTimestampMs), 27);
  bytes.writeBigInt64BE(BigInt(Math.max(-1, ...timestamps)), 35);
  bytes.writeBigInt64BE(BigInt(options.producerId ?? -1), 43);
  bytes.writeInt16BE(options.producerEpoch ?? -1, 51);
  bytes.writeInt32BE(options.baseSequence ?? -1, 53);
  bytes.writeInt32BE(records.length, 57);
  packed.copy(bytes, 61);
  bytes.writeUInt32BE(crc32c(bytes, 21), 17);
  return bytes;
}

export interface DecodedTestRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly value: string | null;
}

/** The records of uncompressed batches, as a consumer would see them. */
export function decodeTestBatches(bytes: Buffer): DecodedTestRecord[] {
  const decoded: DecodedTestRecord[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readInt32BE(at + 8) + 12) {
    const end = at + bytes.readInt32BE(at + 8) + 12;
    if (bytes.readUInt32BE(at + 17) !== crc32c(bytes, at + 21, end)) throw new Error("wrong checksum");
    const reader = { position: at + 61 };
    while (reader.position < end) {
      const next = readVarint(bytes, reader) + reader.position;
      reader.position += 1;
      const timestampMs = Number(bytes.readBigInt64BE(at + 27)) + readVarint(bytes, reader);
      const offset = Number(bytes.readBigInt64BE(at)) + readVarint(bytes, reader);
      const keyBytes = Math.max(readVarint(bytes, reader), 0);
      reader.position += keyBytes;
      const length = readVarint(bytes, reader);
      const value = length < 0 ? null : bytes.toString("utf8", reader.position, reader.position + length);
      decoded.push({ offset, timestampMs, value });
      reader.position = next;
    }
  }
  return decoded;
}

function encodeRecord({ key, value }: TestRecord, timestampDelta: number, offsetDelta: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    encodeVarint(timestampDelta),
    encodeVarint(offsetDelta),
    encodeBytes(key),
    encodeBytes(value),
    encodeVarint(0),
  ]);
  return Buffer.concat([encodeVarint(body.length), body]);
}

function encodeBytes(value: string | Buffer | null | undefined): Buffer {
  if (value === null || value === undefined) return encodeVarint(-1);
  const bytes = Buffer.from(value);
  return Buffer.concat([encodeVarint(bytes.length), bytes]);
}

function encodeVarint(value: number): Buffer {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

function readVarint(bytes: Buffer, reader: { position: number }): number {
  let raw = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes.readUInt8(reader.position);
    reader.position += 1;
    raw |= BigInt(byte & 127) << shift;
    if (byte < 128) return Number((raw >> 1n) ^ -(raw & 1n));
  }
}
