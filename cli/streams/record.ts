export type StreamKind = "topic" | "stream" | "queue" | "exchange" | "firehose";

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
}

let decoded: { readonly record: StreamRecord; readonly value: unknown } | undefined;

/**
 * The payload as JSON; undefined where it is none, or one that is nested too deeply to be walked through. The last one
 * is kept, for a filter that asks several times: kept in the records themselves, which are older, all of them would
 * outlive the collector's quick rounds (a third of the time).
 */
export function decode(record: StreamRecord): unknown {
  if (decoded?.record !== record) decoded = { record, value: parseJson(record.bytes) };
  return decoded.value;
}

function parseJson(bytes: Uint8Array | null): unknown {
  if (bytes === null || bytes.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(toBuffer(bytes).toString());
    return bytes.length >= 2 * deepest && isDeeperThan(deepest, value) ? undefined : value;
  } catch {
    return undefined;
  }
}

/**
 * Whoever walks through a value by recursion, as JSON.stringify does, comes to the end of the stack at some thousands.
 */
const deepest = 1_000;

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeperThan(levels - 1, part));
}

/** The same bytes, not copied. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
