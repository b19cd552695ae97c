import type { StreamSource } from "./source.js";

export interface KafkaTopicsOptions {
  /** "host:port" each, as the host reaches them. */
  readonly brokers: readonly string[];
  readonly topics: readonly TopicChoice[];
}

export interface TopicChoice {
  readonly name: string;
  /** A topic that nobody has made yet is waited for, instead of an error: dead letters have their topic on first use. */
  readonly mayBeMissing?: boolean;
}

/**
 * Topics of one Kafka, read without a consumer group. `open` rejects with kafka.unknown-topic (and the nearest name) or
 * kafka.unreachable. Partitions and awaited topics that appear later are read from their beginning.
 */
export function openKafkaTopics(_options: KafkaTopicsOptions): StreamSource {
  throw Error("not built yet");
}
