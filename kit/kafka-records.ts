import { messageHeaders } from "../contracts/message-headers.js";
import { codecNames, findCodec } from "./kafka-codecs.js";
import { Cursor } from "./kafka-cursor.js";

const publishedAt = Buffer.from(messageHeaders.publishedAt);

/**
 * One record, or one batch that cannot be decoded. Key, payload and headers are views that are read at the first look;
 * its names are those of the CLI's stream records, which it is one of.
 */
export class KafkaRecord {
  readonly stream: string;
  readonly partition: number;
  readonly offset: number;
  /** Unix milliseconds: x-published-at, else of the producer, or of the broker where the topic says so. */
  readonly publishedMs: number;
  /** Set when this is a batch that cannot be decoded; `bytes` are the batch's then. */
  readonly note: string | undefined;
  /** Of all of it: a key or a header may be the larger part. */
  readonly sizeBytes: number;
  // Not #private: who hides something in a record makes another one on top of it.
  private readonly content: Buffer;
  private readonly keyAt: number;

  constructor(place: RecordPlace, content: Buffer, keyAt: number) {
    this.stream = place.topic;
    this.partition = place.partition;
    this.offset = place.offset;
    this.note = place.note;
    this.sizeBytes = place.sizeBytes;
    this.content = content;
    this.keyAt = keyAt;
    this.publishedMs = this.readPublishedMs(place.timestampMs);
  }

  get source(): "kafka" {
    return "kafka";
  }

  get kind(): "topic" {
    return "topic";
  }

  get key(): string | null {
    if (this.note !== undefined) return null;
    const cursor = new Cursor(this.content, this.keyAt);
    return cursor.text(cursor.varint());
  }

  /** Null: a tombstone. */
  get bytes(): Buffer | null {
    if (this.note !== undefined) return this.content;
    const cursor = this.atValue();
    const length = cursor.varint();
    return length < 0 ? null : this.content.subarray(cursor.at, cursor.at + length);
  }

  /** The last one of those with the same name counts. */
  get headers(): Readonly<Record<string, string>> {
    // By entries: a header may be called "__proto__".
    const headers: [string, string][] = [];
    this.eachHeader((cursor, nameAt, nameLength) => {
      const name = this.content.toString("utf8", nameAt, nameAt + nameLength);
      headers.push([name, cursor.text(cursor.varint()) ?? ""]);
    });
    return Object.fromEntries(headers);
  }

  /** Of all headers it decodes that one alone. */
  private readPublishedMs(timestampMs: number): number {
    let publishedMs = Number.NaN;
    this.eachHeader((cursor, nameAt, nameLength) => {
      const length = cursor.varint();
      const isIt =
        nameLength === publishedAt.length &&
        publishedAt.compare(this.content, nameAt, nameAt + nameLength) === 0;
      if (isIt) publishedMs = Number(cursor.text(length) || Number.NaN);
      else cursor.skip(length);
    });
    return Number.isFinite(publishedMs) ? publishedMs : timestampMs;
  }

  /** `visit` reads the header's value. */
  private eachHeader(visit: (cursor: Cursor, nameAt: number, nameLength: number) => void): void {
    if (this.note !== undefined) return;
    const cursor = this.atValue();
    cursor.skip(cursor.varint());
    for (let left = cursor.varint(); left > 0 && cursor.at < this.content.length; left -= 1) {
      const nameLength = cursor.varint();
      const nameAt = cursor.at;
      cursor.skip(nameLength);
      visit(cursor, nameAt, nameLength);
    }
  }

  private atValue(): Cursor {
    const cursor = new Cursor(this.content, this.keyAt);
    cursor.skip(cursor.varint());
    return cursor;
  }
}

interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly note: string | undefined;
  readonly sizeBytes: number;
}

/** A whole batch of format v2, still packed. */
export interface RecordBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly codec: number;
  readonly attributes: number;
  readonly producerId: bigint;
  readonly magic: number;
  /** Of format v2; others are not decoded. */
  readonly hasHeader: boolean;
  /** From its base offset on. */
  readonly bytes: Buffer;
}

/** https://kafka.apache.org/documentation/#recordbatch: where a batch's fields stand. */
const at = { magic: 16, attributes: 21, lastOffsetDelta: 23, firstTimestamp: 27, maxTimestamp: 35 } as const;
const producerAt = 43;
const countAt = 57;
const headerBytes = 61;
/** A message of the oldest format, without key and value. */
const smallestBytes = 26;
/** Base offset and length, which the length does not count. */
const prefixBytes = 12;
const flags = { codec: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const;

/** The batches that are whole; a record set may end within one. */
export function listBatches(set: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let start = 0; start + smallestBytes <= set.length; ) {
    const end = start + prefixBytes + set.readInt32BE(start + 8);
    if (end > set.length || end - start < smallestBytes) break;
    const bytes = set.subarray(start, end);
    const magic = bytes.readInt8(at.magic);
    const baseOffset = readInt64(bytes, 0);
    const hasHeader = magic === 2 && bytes.length >= headerBytes;
    // Of the formats before v2 a batch is one message, whose offset is that of the last one in it.
    const lastOffset = hasHeader ? baseOffset + bytes.readInt32BE(at.lastOffsetDelta) : baseOffset;
    const attributes = hasHeader ? bytes.readInt16BE(at.attributes) : 0;
    const producerId = hasHeader ? bytes.readBigInt64BE(producerAt) : -1n;
    batches.push({
      baseOffset,
      lastOffset,
      codec: attributes & flags.codec,
      attributes,
      producerId,
      ...{ magic, hasHeader },
      bytes,
    });
    start = end;
  }
  return batches;
}

export interface DecodeOptions {
  readonly topic: string;
  readonly partition: number;
  /** Records before it are left out: a batch comes whole. */
  readonly from: number;
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: number }[];
}

/** Of unpacked batches so much is held at once, or one of them. */
const partBytes = 8 * 1024 * 1024;

/**
 * The records in the batches, without markers of transactions and what was aborted. Their codecs are loaded. In parts:
 * what is decoded next takes its memory when it is asked for. The last part is what the generator returns.
 */
export function* decodeBatches(
  batches: readonly RecordBatch[],
  options: DecodeOptions,
): Generator<KafkaRecord[], KafkaRecord[]> {
  let records: KafkaRecord[] = [];
  let heldBytes = 0;
  const waiting = [...options.aborted].sort((one, other) => one.firstOffset - other.firstOffset);
  const aborted = new Set<bigint>();
  for (const batch of batches) {
    while (waiting[0] !== undefined && waiting[0].firstOffset <= batch.lastOffset) {
      aborted.add(waiting[0].producerId);
      waiting.shift();
    }
    if (heldBytes >= partBytes) {
      yield records;
      records = [];
      heldBytes = 0;
    }
    if ((batch.attributes & flags.control) !== 0) aborted.delete(batch.producerId);
    else if ((batch.attributes & flags.transactional) === 0 || !aborted.has(batch.producerId)) {
      heldBytes += decodeBatch(batch, options, records);
    }
  }
  return records;
}

/** @returns how many bytes its records hold */
function decodeBatch(batch: RecordBatch, options: DecodeOptions, records: KafkaRecord[]): number {
  const before = records.length;
  try {
    return decodeRecords(batch, options, records);
  } catch (error) {
    records.length = before;
    const reason = error instanceof Undecodable ? error.message : `damaged: ${(error as Error).message}`;
    const { topic, partition } = options;
    const offset = Math.max(batch.baseOffset, options.from);
    const timestampMs = batch.hasHeader ? readInt64(batch.bytes, at.maxTimestamp) : Date.now();
    const content = batch.bytes.subarray(Math.min(headerBytes, batch.bytes.length));
    const sizeBytes = content.length;
    records.push(
      new KafkaRecord({ topic, partition, offset, timestampMs, note: reason, sizeBytes }, content, 0),
    );
    return sizeBytes;
  }
}

class Undecodable extends Error {}

function decodeRecords(batch: RecordBatch, options: DecodeOptions, records: KafkaRecord[]): number {
  if (!batch.hasHeader) {
    throw new Undecodable(`message format v${batch.magic}, cannot be decoded`);
  }
  const count = batch.bytes.readInt32BE(countAt);
  const bytes = unpack(batch, count);
  const { topic, partition, from } = options;
  const firstMs = readInt64(batch.bytes, at.firstTimestamp);
  const appendedMs =
    (batch.attributes & flags.logAppendTime) === 0 ? undefined : readInt64(batch.bytes, at.maxTimestamp);
  const cursor = new Cursor(bytes, 0);
  for (let index = 0; index < count; index += 1) {
    const length = cursor.varint();
    const end = cursor.at + length;
    if (length <= 0 || end > bytes.length) throw new Error(`record ${index} of ${count} does not fit`);
    // Attributes, which are not used.
    cursor.skip(1);
    const timestampMs = firstMs + cursor.varlong();
    const offset = batch.baseOffset + cursor.varint();
    if (offset >= from) {
      const place = {
        topic,
        partition,
        offset,
        timestampMs: appendedMs ?? timestampMs,
        note: undefined,
        sizeBytes: end - cursor.at,
      };
      records.push(new KafkaRecord(place, bytes, cursor.at));
    }
    cursor.at = end;
  }
  // Each record keeps all of them in memory, and counts as what it is itself.
  if (cursor.at < bytes.length) throw new Error(`${bytes.length - cursor.at} B after the last record`);
  return bytes.length;
}

function unpack(batch: RecordBatch, count: number): Buffer {
  const content = batch.bytes.subarray(headerBytes);
  if (batch.codec === 0) return content;
  const name = codecNames[batch.codec] ?? `codec ${batch.codec}`;
  const decompress = findCodec(batch.codec);
  const what = `compressed: ${name}, cannot be decoded (${count} records, ${content.length} B)`;
  if (decompress === undefined) throw new Undecodable(what);
  try {
    const unpacked = decompress(content);
    return Buffer.from(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength);
  } catch (error) {
    throw new Undecodable(`${what}: ${(error as Error).message}`);
  }
}

/** Offsets and times fit into a double. */
function readInt64(bytes: Buffer, offset: number): number {
  return bytes.readInt32BE(offset) * 0x1_0000_0000 + bytes.readUInt32BE(offset + 4);
}
