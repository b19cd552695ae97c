export type StreamKind = "topic" | "stream" | "queue" | "exchange" | "firehose";

/** Where a source keeps what `decode` found, so that a filter and a printer parse a payload once. */
export const decodedValue: unique symbol = Symbol("decoded");

/**
 * One message, whichever broker it came from. What costs work (key, headers, JSON) may be a getter that does it at the
 * first look: a filter on the key then parses nothing else.
 */
export interface StreamRecord {
  readonly source: "kafka" | "rabbit";
  /** Topic, exchange or queue. */
  readonly stream: string;
  readonly kind: StreamKind;
  /** Kafka key or routing key. */
  readonly key: string | null;
  readonly partition?: number;
  /** Kafka offset, or that of a RabbitMQ stream. Exact: no broker of a developer counts to 2^53. */
  readonly offset?: number;
  /** Of RabbitMQ: where the message was published. */
  readonly exchange?: string;
  /** Unix milliseconds: x-published-at, else the broker's time, else when it came. */
  readonly publishedMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The payload as it was sent; null for Kafka's tombstones. A view on a larger buffer: copy what is kept for long. */
  readonly bytes: Uint8Array | null;
  /** How long `bytes` are, where that is cheaper to say than to make them. */
  readonly sizeBytes?: number;
  /** What hinders showing it: "compressed: zstd, cannot be decoded". */
  readonly note?: string | undefined;
  [decodedValue]?: { readonly value: unknown };
}

/** The payload as JSON; undefined where it is none. Parsed once for a record. */
export function decode(record: StreamRecord): unknown {
  const known = record[decodedValue];
  if (known !== undefined) return known.value;
  const value = parseJson(record.bytes);
  record[decodedValue] = { value };
  return value;
}

function parseJson(bytes: Uint8Array | null): unknown {
  if (bytes === null || bytes.length === 0) return undefined;
  try {
    return JSON.parse(asBuffer(bytes).toString());
  } catch {
    return undefined;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
