import type { Static, TSchema } from "typebox";
import type { Consumer, LinkContext } from "./messages.js";

export interface OutgoingRecord {
  readonly key: string;
  /** Sent as JSON. */
  readonly value: object;
  readonly messageId: string;
  /** traceparent and the like; message-id and x-published-at are added. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type TopicRecord<Topics extends Readonly<Record<string, TSchema>>> = {
  [Topic in keyof Topics & string]: {
    readonly topic: Topic;
    readonly key: string;
    readonly value: Static<Topics[Topic]>;
    readonly headers: Readonly<Record<string, string>>;
    readonly partition: number;
    /** A 64-bit number. */
    readonly offset: string;
  };
}[keyof Topics & string];

export interface TopicConsumer<Topics extends Readonly<Record<string, TSchema>>> {
  /** A new group begins with the oldest record. */
  readonly groupId: string;
  readonly topics: Topics;
  /**
   * Records of one partition in their order; batches of other partitions may be handled at the same time. Resolved:
   * the offsets are committed. Rejected with InvalidMessage: that one goes to `<topic>.dlt` and the others are handed
   * over again. Rejected otherwise: see probe.
   */
  handle(batch: TopicRecord<Topics>[]): Promise<void>;
  /**
   * Rejects while what handle depends on is down; asked after each failure of handle. Down: the consumer waits, asking
   * every second. Up: the batch is handed over one by one; what fails alone is tried again after 1 s, doubling to
   * 30 s, and goes to `<topic>.dlt` after 50 times.
   */
  probe(): Promise<void>;
}

/** One producer and one consumer a group, reconnected for ever. */
export interface KafkaLink {
  /** Those of contracts/topology.ts with these names; waits for the broker as long as it takes. */
  ensureTopics(names: readonly string[]): Promise<void>;
  /** One request to each leader, acks=all, in order per key. @throws Error: some or all may have arrived */
  send(topic: string, records: readonly OutgoingRecord[]): Promise<void>;
  /** Begins as soon as the broker and the topics are there. */
  consume<Topics extends Readonly<Record<string, TSchema>>>(options: TopicConsumer<Topics>): Consumer;
  /** Rejects when the broker does not answer. */
  ping(): Promise<void>;
  /** Closes the consumers, then the producer. */
  close(): Promise<void>;
}

export interface KafkaLinkSettings extends LinkContext {
  /** "host:port" each. */
  readonly brokers: readonly string[];
}

/** Connects at the first use: a broker that is away is no failure. */
export function openKafkaLink(_settings: KafkaLinkSettings): KafkaLink {
  throw new Error("not there yet");
}
