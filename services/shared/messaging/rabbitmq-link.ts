import type { Static, TSchema } from "typebox";
import type { RabbitmqSettings } from "../../../kit/rabbitmq.js";
import type { Consumer, LinkContext } from "./messages.js";

export interface OutgoingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly messageId: string;
  /** Sent as JSON. */
  readonly body: object;
  /** traceparent and the like; x-published-at is added. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface QueueMessage<T> {
  readonly body: T;
  readonly messageId: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly redelivered: boolean;
}

/** A message that no schema describes, as far as it could be read. */
export interface RawMessage {
  /** The parsed JSON; undefined where it is none. */
  readonly body: unknown;
  readonly messageId: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface QueueConsumer<T extends TSchema> {
  readonly queue: string;
  readonly schema: T;
  /** Unacknowledged ones at most; default 200. */
  readonly prefetch?: number;
  /** Default 100. */
  readonly maxBatch?: number;
  /**
   * One batch at a time, in the queue's order. Resolved: all are acked. Rejected with InvalidMessage: that one is
   * dead-lettered, the others are handed over again. Rejected otherwise: see probe.
   */
  handle(batch: QueueMessage<Static<T>>[]): Promise<void>;
  /** Before a message is dead-lettered, by schema or by InvalidMessage; may be called twice for one. */
  onInvalid?(raw: RawMessage, reason: string): Promise<void>;
  /**
   * Rejects while what handle depends on is down; asked after each failure of handle. Down: the messages go back and
   * the consumer waits, asking every second. Up: the batch is handed over one by one, and what fails alone goes back
   * after 1 s, doubling to 30 s (the queue's delivery limit ends that).
   */
  probe(): Promise<void>;
}

/** One connection for publishing and one channel a consumer, reconnected for ever (100 ms, doubling to 2 s). */
export interface RabbitmqLink {
  /** Persistent, mandatory, confirmed. @throws Error when it was returned, refused, or not confirmed in 10 s: it may have arrived */
  publish(message: OutgoingMessage): Promise<void>;
  /** All at once; the error of each that publish would reject, undefined for the others. Never rejects. */
  publishMany(messages: readonly OutgoingMessage[]): Promise<(Error | undefined)[]>;
  /** Begins as soon as the broker is there. */
  consume<T extends TSchema>(options: QueueConsumer<T>): Consumer;
  /** Rejects when the broker does not answer. */
  ping(): Promise<void>;
  /** Closes the consumers, then the connection. */
  close(): Promise<void>;
}

/** Connects in the background: a broker that is away is no failure. */
export function openRabbitmq(
  _settings: Pick<RabbitmqSettings, "host" | "port" | "user" | "password">,
  _context: LinkContext,
): RabbitmqLink {
  throw new Error("not there yet");
}
