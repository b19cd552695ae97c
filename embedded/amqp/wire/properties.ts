import { AmqpError } from "./amqp-error.js";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import { readTable, type Table, writeTable } from "./table.js";

/** The properties of a message's content header. */
export interface Properties {
  contentType?: string;
  contentEncoding?: string;
  headers?: Table;
  /** 2 is persistent. */
  deliveryMode?: number;
  priority?: number;
  correlationId?: string;
  replyTo?: string;
  /** Milliseconds, as text. */
  expiration?: string;
  messageId?: string;
  /** Seconds since 1970. */
  timestamp?: bigint;
  type?: string;
  userId?: string;
  appId?: string;
  clusterId?: string;
}

/** In the order of their flags, from the highest bit down. */
const layout = [
  ["contentType", "shortstr"],
  ["contentEncoding", "shortstr"],
  ["headers", "table"],
  ["deliveryMode", "octet"],
  ["priority", "octet"],
  ["correlationId", "shortstr"],
  ["replyTo", "shortstr"],
  ["expiration", "shortstr"],
  ["messageId", "shortstr"],
  ["timestamp", "longlong"],
  ["type", "shortstr"],
  ["userId", "shortstr"],
  ["appId", "shortstr"],
  ["clusterId", "shortstr"],
] as const satisfies readonly (readonly [keyof Properties, string])[];

const readers = {
  shortstr: (reader: ByteReader) => reader.shortstr(),
  octet: (reader: ByteReader) => reader.octet(),
  longlong: (reader: ByteReader) => reader.longlong(),
  table: (reader: ByteReader) => readTable(reader),
};

const writers = {
  shortstr: (writer: ByteWriter, value: unknown) => writer.shortstr(value as string),
  octet: (writer: ByteWriter, value: unknown) => writer.octet(value as number),
  longlong: (writer: ByteWriter, value: unknown) => writer.longlong(value as bigint),
  table: (writer: ByteWriter, value: unknown) => writeTable(writer, value as Table),
};

/** Reads flags and properties. @throws AmqpError 501 when malformed */
export function decodeProperties(bytes: Buffer): Properties {
  const reader = new ByteReader(bytes);
  const flags = reader.short();
  // The two lowest bits: one has no property, the other would announce a second word of flags.
  if ((flags & 3) !== 0) throw new AmqpError(501, "unknown property flags");
  const properties: Record<string, unknown> = {};
  for (const [index, [name, type]] of layout.entries()) {
    if ((flags & (0x8000 >> index)) !== 0) properties[name] = readers[type](reader);
  }
  if (!reader.done) throw new AmqpError(501, "bytes after the last property");
  return properties;
}

/** Flags and properties, as {@link decodeProperties} reads them. */
export function encodeProperties(properties: Properties): Buffer {
  let flags = 0;
  const writer = new ByteWriter();
  for (const [index, [name, type]] of layout.entries()) {
    const value = properties[name];
    if (value === undefined) continue;
    flags |= 0x8000 >> index;
    writers[type](writer, value);
  }
  const bytes = Buffer.allocUnsafe(2 + writer.length);
  bytes.writeUInt16BE(flags);
  bytes.set(writer.finish(), 2);
  return bytes;
}

export interface ContentHeader {
  readonly classId: number;
  readonly bodySizeBytes: number;
  /** As they came in, see {@link decodeProperties}. */
  readonly properties: Buffer;
}

/** @throws AmqpError 501 when malformed */
export function decodeContentHeader(payload: Buffer): ContentHeader {
  const reader = new ByteReader(payload);
  const classId = reader.short();
  reader.short();
  const bodySizeBytes = Number(reader.longlong());
  return { classId, bodySizeBytes, properties: payload.subarray(reader.offset) };
}
