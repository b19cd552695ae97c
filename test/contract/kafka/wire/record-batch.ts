import { integer } from "./schema.js";

/** What a batch of format v2 says; defaults make a plain, valid one. */
export interface BatchSettings {
  readonly values: readonly string[];
  readonly timestampMs?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly magic?: number;
  readonly attributes?: number;
  /** Added to the right one. */
  readonly checksumError?: number;
  /** Instead of the number of values less one. */
  readonly lastOffsetDelta?: number;
}

/** https://kafka.apache.org/documentation/#recordbatch */
export function buildBatch(settings: BatchSettings): Buffer {
  const {
    values,
    timestampMs = Date.now(),
    producerId = -1,
    producerEpoch = -1,
    baseSequence = -1,
  } = settings;
  const checked = Buffer.concat([
    integer("i16", settings.attributes ?? 0),
    integer("i32", settings.lastOffsetDelta ?? values.length - 1),
    integer("i64", timestampMs),
    integer("i64", timestampMs),
    integer("i64", producerId),
    integer("i16", producerEpoch),
    integer("i32", baseSequence),
    integer("i32", values.length),
    ...values.map((value, index) => buildRecord(value, index)),
  ]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE((crc32c(checked) + (settings.checksumError ?? 0)) >>> 0);
  const rest = Buffer.concat([integer("i32", 0), integer("i8", settings.magic ?? 2), checksum, checked]);
  return Buffer.concat([integer("i64", 0), integer("i32", rest.length), rest]);
}

function buildRecord(value: string, offsetDelta: number): Buffer {
  const bytes = Buffer.from(value);
  const body = Buffer.concat([
    integer("i8", 0),
    varint(0),
    varint(offsetDelta),
    varint(-1),
    varint(bytes.length),
    bytes,
    varint(0),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

/** Zigzag, for numbers of at most 31 bits. */
function varint(value: number): Buffer {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  const bytes: number[] = [];
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}

const table = Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

function crc32c(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** First and last offset of each whole batch in what a fetch answered; what is cut off at its end is left out. */
export function listBatches(records: Buffer | null): { first: number; last: number; leaderEpoch: number }[] {
  const batches = [];
  for (let rest = records ?? Buffer.alloc(0); rest.length >= 61; ) {
    const end = 12 + rest.readInt32BE(8);
    if (end > rest.length) break;
    const first = Number(rest.readBigInt64BE(0));
    batches.push({ first, last: first + rest.readInt32BE(23), leaderEpoch: rest.readInt32BE(12) });
    rest = rest.subarray(end);
  }
  return batches;
}
