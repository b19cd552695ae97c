import type { Database } from "../../../kit/sql/database.js";
import type { KafkaLink } from "../messaging/kafka-link.js";
import type { LinkContext } from "../messaging/messages.js";
import type { RabbitmqLink } from "../messaging/rabbitmq-link.js";
import type { OutboxSchema } from "./outbox.js";

export interface RelaySettings<Schema extends OutboxSchema> extends Pick<LinkContext, "log" | "metrics"> {
  readonly database: Database<Schema>;
  /** Where rows of the channel "kafka" go. */
  readonly kafka?: Pick<KafkaLink, "send">;
  /** Where rows of the channel "rabbitmq" go. */
  readonly rabbitmq?: Pick<RabbitmqLink, "publishMany">;
}

export interface Relay {
  /** There may be rows: call it after a commit. Any number of calls at once cost one more run. */
  wake(): void;
  /** Ends the run at hand. */
  close(): Promise<void>;
}

/**
 * Publishes what is in the outbox: in order of id per key, again until it is confirmed, so at least once. One relay a
 * database (the lock "outbox"); another waits for its turn. Looks by itself every second.
 */
export function startRelay<Schema extends OutboxSchema>(_settings: RelaySettings<Schema>): Relay {
  throw new Error("not there yet");
}
