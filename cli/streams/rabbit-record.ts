import { messageHeaders } from "../../contracts/message-headers.js";
import type { Message } from "./rabbit-session.js";
import type { StreamKind, StreamRecord } from "./record.js";

/** Header of what comes from a stream queue (RabbitMQ docs, "Streams"). */
const offsetHeader = "x-stream-offset";
/** Set by RabbitMQ where its message interceptor for timestamps is on. */
const brokerTimeHeader = "timestamp_in_ms";

type Values = Readonly<Record<string, unknown>>;

/** Of a message that came from a stream; undefined of any other. */
export function offsetOf({ properties }: Message): number | undefined {
  const value: unknown = properties.headers?.[offsetHeader];
  return value === undefined ? undefined : Number(value);
}

/** When it was published, in Unix milliseconds, if it says so; of a dead letter, when it died. */
export function publishedMsOf(headers: Values, timestamp: unknown): number | undefined {
  const sentMs = sentMsOf(headers, timestamp);
  const deadMs = deadMsOf(headers["x-death"]);
  return sentMs === undefined || deadMs === undefined ? (sentMs ?? deadMs) : Math.max(sentMs, deadMs);
}

/** The last death comes first (RabbitMQ docs, "Dead Letter Exchanges"); the client gives times as {"!", value}. */
function deadMsOf(deaths: unknown): number | undefined {
  const [death] = Array.isArray(deaths)
    ? (deaths as readonly { readonly time?: { readonly value?: unknown } }[])
    : [];
  const seconds = Number(death?.time?.value ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

function sentMsOf(headers: Values, timestamp: unknown): number | undefined {
  for (const name of [messageHeaders.publishedAt, brokerTimeHeader]) {
    const value = Number(headers[name] ?? Number.NaN);
    if (Number.isFinite(value)) return value;
  }
  // AMQP 0-9-1 counts seconds.
  return typeof timestamp === "number" ? timestamp * 1_000 : undefined;
}

/**
 * A message as it is shown; `stream` is the stream, exchange or queue that is listened to.
 * @param of.elseMs the time of one that has none itself; default: now
 */
export function toRecord(
  { content, fields, properties }: Message,
  of: { readonly stream: string; readonly kind: StreamKind; readonly elseMs?: number | undefined },
): RabbitRecord {
  return new RabbitRecord({
    ...of,
    key: fields.routingKey,
    exchange: fields.exchange,
    bytes: content,
    values: properties.headers ?? {},
    messageId: properties.messageId,
    timestamp: properties.timestamp,
  });
}

interface RecordParts {
  readonly stream: string;
  readonly kind: StreamKind;
  readonly key: string;
  readonly exchange: string;
  readonly bytes: Uint8Array;
  /** Headers as the client decoded them. */
  readonly values: Values;
  readonly messageId: unknown;
  readonly timestamp: unknown;
  readonly note?: string;
  readonly elseMs?: number | undefined;
}

export class RabbitRecord implements StreamRecord {
  readonly source = "rabbit";
  readonly stream: string;
  readonly kind: StreamKind;
  readonly key: string;
  readonly exchange: string;
  readonly bytes: Uint8Array;
  readonly publishedMs: number;
  /** Whether the message itself says when; else publishedMs is a guess. */
  readonly hasTime: boolean;
  readonly offset?: number;
  readonly note?: string;
  readonly #parts: RecordParts;
  #headers: Readonly<Record<string, string>> | undefined;

  constructor(parts: RecordParts) {
    this.stream = parts.stream;
    this.kind = parts.kind;
    this.key = parts.key;
    this.exchange = parts.exchange;
    this.bytes = parts.bytes;
    const ownMs = publishedMsOf(parts.values, parts.timestamp);
    this.hasTime = ownMs !== undefined;
    this.publishedMs = ownMs ?? parts.elseMs ?? Date.now();
    const offset = parts.values[offsetHeader];
    if (offset !== undefined) this.offset = Number(offset);
    if (parts.note !== undefined) this.note = parts.note;
    this.#parts = parts;
  }

  /** The message id among them, as Kafka has it. */
  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= textHeaders(this.#parts);
    return this.#headers;
  }
}

function textHeaders({ values, messageId }: RecordParts): Readonly<Record<string, string>> {
  const texts = Object.entries(values)
    .filter(([name]) => name !== offsetHeader)
    .map(([name, value]) => [name, toText(value)] as const);
  // By entries: a header may be called "__proto__".
  return Object.fromEntries(
    typeof messageId === "string" ? [[messageHeaders.messageId, messageId], ...texts] : texts,
  );
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
