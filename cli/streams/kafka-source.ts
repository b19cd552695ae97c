import type { KafkaListener, KafkaReading } from "../../kit/kafka-reader.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { findNearest } from "../errors/nearest.js";
import { countOf } from "../output/units.js";
import type { SourceInfo, SourceSink, StreamSource } from "./source.js";

export interface KafkaTopicsOptions {
  /** "host:port" each, as the host reaches them. */
  readonly brokers: readonly string[];
  readonly topics: readonly TopicChoice[];
}

export interface TopicChoice {
  readonly name: string;
  /**
   * A topic that nobody has made yet is waited for, instead of an error: dead letters have their topic on first use.
   */
  readonly mayBeMissing?: boolean;
}

/**
 * Topics of one Kafka, read without a consumer group. `open` rejects with kafka.unknown-topic (and the nearest name) or
 * kafka.unreachable. Partitions and awaited topics that appear later are read from their beginning.
 */
export function openKafkaTopics(options: KafkaTopicsOptions): StreamSource {
  let reading: KafkaReading | undefined;
  return {
    name: "kafka",
    open: async (sink, start, signal) => {
      const { openKafkaReader, UnknownTopicError } = await import("../../kit/kafka-reader.js");
      try {
        reading = await openKafkaReader({ ...options, start, signal, listener: listenFor(sink) });
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof UnknownTopicError ? explainUnknown(error) : explainUnreachable(options, error);
      }
      return describeReading(options, reading);
    },
    close: async () => reading?.close(),
  };
}

function listenFor(sink: SourceSink): KafkaListener {
  return {
    partition: (_topic, _partition, isNew) => {
      const lane = sink.lane({ live: isNew });
      return {
        push: (records) => lane.push(records),
        caughtUp: () => lane.caughtUp(),
        end: () => lane.end(),
      };
    },
    gap: ({ tookMs, missed }) => sink.gap({ source: "kafka", tookMs, missed }),
    problem: (text) => sink.problem(text),
  };
}

/** More topics than this are counted: the line is for a glance. */
const namedTopics = 2;

function describeReading(options: KafkaTopicsOptions, reading: KafkaReading): SourceInfo {
  const { partitions, records } = reading;
  const total = partitions.reduce((sum, { count }) => sum + count, 0);
  const named = partitions.map(({ topic, count }) => `${topic} (${countOf(count, "partition")})`);
  const found = new Set(partitions.map(({ topic }) => topic));
  const awaited = options.topics.flatMap(({ name }) => (found.has(name) ? [] : [`${name} (not there yet)`]));
  const parts = [
    named.length > namedTopics ? [`${countOf(named.length, "topic")} (${total} partitions)`] : named,
    awaited.length > 1 ? [`${countOf(awaited.length, "topic")} not there yet`] : awaited,
  ];
  return {
    name: "kafka",
    partitions: total,
    history: { records },
    describe: `kafka ${parts.flat().join(", ")}`,
  };
}

function explainUnknown({ topic, known }: { topic: string; known: readonly string[] }): MybrokerError {
  const nearest = findNearest(topic, known);
  const names = [...known].sort();
  const shown = names.slice(0, 20).join(", ");
  const more = names.length > 20 ? ` and ${names.length - 20} more` : "";
  return new MybrokerError({
    code: "kafka.unknown-topic",
    message: `Kafka has no topic ${topic}.`,
    hint:
      nearest !== undefined
        ? `Did you mean ${nearest}?  {mybroker} tail --kafka ${nearest}`
        : names.length === 0
          ? "It has no topics at all; the services make theirs when they start:  {mybroker} up"
          : `It has ${shown}${more}.  {mybroker} tail --kafka ${names[0]}`,
    exitCode: exitCodes.usage,
    details: { topic, known: names },
  });
}

function explainUnreachable({ brokers }: KafkaTopicsOptions, cause: unknown): MybrokerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MybrokerError({
    code: "kafka.unreachable",
    message: `Kafka does not answer at ${brokers.join(", ")}: ${reason}.`,
    hint: "Is it running?  {mybroker} ps",
    exitCode: exitCodes.machine,
    cause,
  });
}
