import { messageHeaders } from "../../contracts/message-headers.js";
import {
  auditStream,
  deadLetterExchange,
  deadLetterTopic,
  orderEventsTopic,
  ordersExchange,
  walletEventsTopic,
} from "../../contracts/topology.js";
import { openKafkaTopics } from "../streams/kafka-source.js";
import type { RabbitBroker } from "../streams/rabbit-broker.js";
import { RabbitRecord } from "../streams/rabbit-record.js";
import { openRabbitStream } from "../streams/rabbit-source.js";
import { decode, type StreamRecord } from "../streams/record.js";
import type { SourceSink, StreamSource } from "../streams/source.js";
import type { Facts, Known, MessageFacts } from "./facts.js";

export type BrokerFacts = Pick<Facts, "audited" | "orderEvents" | "walletEvents">;

export interface Brokers {
  /** "host:port" each. */
  readonly kafka: readonly string[];
  readonly rabbitmq: RabbitBroker;
}

export interface MessageSearch {
  readonly orderId: string;
  readonly sinceMs: number;
  /** Ends the search; what was found until then is said to be all that is known. */
  readonly signal: AbortSignal;
  /** Asked after each find: the rest need not be read. */
  isEnough(found: BrokerFacts): boolean;
}

/** What both brokers have of an order, from a time on. Nothing is taken from anybody, and no group is joined. */
export async function findMessages(brokers: Brokers, search: MessageSearch): Promise<BrokerFacts> {
  const stop = new AbortController();
  const signal = AbortSignal.any([search.signal, stop.signal]);
  const found: { audited: MessageFacts[]; orderEvents: MessageFacts[]; walletEvents: MessageFacts[] } = {
    ...{ audited: [], orderEvents: [], walletEvents: [] },
  };
  const soFar = (): BrokerFacts => ({
    audited: { value: found.audited },
    orderEvents: { value: found.orderEvents },
    walletEvents: { value: found.walletEvents },
  });
  const take = (records: readonly StreamRecord[]): void => {
    const messages = records.flatMap((record) => readMessage(record, search.orderId) ?? []);
    for (const message of messages) listOf(found, message).push(message);
    if (messages.length > 0 && search.isEnough(soFar())) stop.abort();
  };
  const names = [orderEventsTopic, walletEventsTopic];
  const topics = [...names, ...names.map(deadLetterTopic)].map((name) => ({ name, mayBeMissing: true }));
  const kafka = openKafkaTopics({ brokers: brokers.kafka, topics });
  const audit = openRabbitStream({ broker: brokers.rabbitmq, queue: auditStream });
  const reads = await Promise.all(
    [kafka, audit].map((source) => readPast(source, { ...search, signal, enough: stop.signal, take })),
  );
  const [kafkaFailure, auditFailure] = reads;
  for (const list of Object.values(found))
    list.sort((left, right) => (left.publishedMs ?? 0) - (right.publishedMs ?? 0));
  return {
    audited: knownUnless(auditFailure, found.audited),
    orderEvents: knownUnless(kafkaFailure, found.orderEvents),
    walletEvents: knownUnless(kafkaFailure, found.walletEvents),
  };
}

/** What was found stays known, whatever became of the rest. */
function knownUnless(
  failure: string | undefined,
  messages: readonly MessageFacts[],
): Known<readonly MessageFacts[]> {
  return failure === undefined ? { value: messages } : { value: messages, unknown: failure };
}

interface PastSearch {
  readonly sinceMs: number;
  readonly signal: AbortSignal;
  readonly enough: AbortSignal;
  take(records: readonly StreamRecord[]): void;
}

/** Reads up to what is there now. @returns why not all of it was read */
async function readPast(
  source: StreamSource,
  { sinceMs, signal, enough, take }: PastSearch,
): Promise<string | undefined> {
  let failure: string | undefined;
  const lanes: Promise<void>[] = [];
  const sink: SourceSink = {
    lane: ({ live = false } = {}) => {
      let isThrough = (): void => {};
      if (!live) lanes.push(new Promise((resolve) => (isThrough = resolve)));
      return { push: take, caughtUp: () => isThrough(), end: () => isThrough() };
    },
    gap: ({ source: name }) => {
      failure ??= `${name} went away while it was read`;
    },
    dropped: () => {},
    problem: (text) => {
      failure ??= text;
    },
  };
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  try {
    const opened = await Promise.race([source.open(sink, { sinceMs }, signal), ended]);
    if (opened !== undefined) {
      await Promise.race([Promise.all(lanes), ended]);
      const { history } = opened;
      if (typeof history === "object" && (history.fromMs ?? 0) > sinceMs + keptSlackMs)
        failure ??= `${source.name} begins later than the order`;
    }
    if (signal.aborted && !enough.aborted) failure ??= `${source.name} was not read through in time`;
  } catch (error) {
    if (!enough.aborted) failure ??= describe(source.name, error, signal.aborted);
  } finally {
    // Its farewell is not waited for.
    void source.close().catch(() => {});
  }
  return enough.aborted ? undefined : failure;
}

/** A stream tells its beginning by its first message: that may be the order's own. */
const keptSlackMs = 2_000;

function describe(name: string, error: unknown, late: boolean): string {
  if (late) return `${name} does not answer`;
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\.$/, "");
}

function readMessage(record: StreamRecord, orderId: string): MessageFacts | undefined {
  const { bytes, stream, partition, offset, key, headers } = record;
  if (bytes === null || !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(orderId))
    return undefined;
  const value = decode(record);
  if (typeof value !== "object" || value === null || (value as { orderId?: unknown }).orderId !== orderId)
    return undefined;
  const exchange = record.exchange ?? stream;
  const isDead = exchange === deadLetterExchange || stream.endsWith(deadLetterTopic(""));
  return {
    place: `${stream}${partition === undefined ? "" : `/${partition}`}@${offset ?? "?"}`,
    stream: exchange,
    key,
    publishedMs: record instanceof RabbitRecord && !record.hasTime ? null : record.publishedMs,
    clock: headers[messageHeaders.publishedAt] === undefined ? "broker" : "x-published-at",
    value: value as Readonly<Record<string, unknown>>,
    ...(partition === undefined ? {} : { partition }),
    ...(offset === undefined ? {} : { offset }),
    ...(isDead ? { reason: headers[messageHeaders.reason] ?? "no reason is given" } : {}),
  };
}

function listOf<List>(
  found: { readonly audited: List; readonly orderEvents: List; readonly walletEvents: List },
  { stream }: MessageFacts,
): List {
  if (stream === ordersExchange || stream === deadLetterExchange) return found.audited;
  return stream.startsWith(walletEventsTopic) ? found.walletEvents : found.orderEvents;
}
