import type { Kysely } from "kysely";
import type { SqlLock } from "../../../kit/sql/lock.js";
import type { KafkaLink } from "../messaging/kafka-link.js";
import { type LinkContext, pause, toReason } from "../messaging/messages.js";
import type { RabbitmqLink } from "../messaging/rabbitmq-link.js";
import { addOutboxLagSeconds } from "../metrics.js";
import type { Store } from "../store.js";
import { Lane } from "./lane.js";
import type { OutboxSchema } from "./outbox.js";
import { publishToKafka, publishToRabbitmq } from "./publishers.js";

export interface RelaySettings<Schema extends OutboxSchema> extends Pick<LinkContext, "log" | "metrics"> {
  readonly store: Pick<Store<Schema>, "database" | "ready">;
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

const lockRetryMs = 1_000;
const retryMs = 250;
/** Nobody waits for an event as for an order, and one request takes many. */
const kafkaLingerMs = 20;

/**
 * Publishes what is in the outbox: in order of id per key, again until it is confirmed, so at least once. One relay a
 * database (the lock "outbox"); another waits for its turn. Begins when the store is ready; looks by itself every
 * second.
 */
export function startRelay<Schema extends OutboxSchema>(settings: RelaySettings<Schema>): Relay {
  const { store, kafka, rabbitmq, log, metrics } = settings;
  const db = store.database.db as unknown as Kysely<OutboxSchema>;
  const lanes: Lane[] = [];
  if (rabbitmq !== undefined) {
    const publish = publishToRabbitmq(rabbitmq);
    lanes.push(new Lane({ channel: "rabbitmq", publish, lingerMs: 0, retryMs, db, log }));
  }
  if (kafka !== undefined) {
    const publish = publishToKafka(kafka);
    lanes.push(new Lane({ channel: "kafka", publish, lingerMs: kafkaLingerMs, retryMs, db, log }));
  }
  addOutboxLagSeconds(metrics, (gauge) => {
    const now = Date.now();
    gauge.set(Math.max(0, ...lanes.map(({ oldestAt }) => now - (oldestAt ?? now))) / 1_000);
  });
  const closing = new AbortController();
  const running = runLanes(settings, lanes, closing.signal);
  return {
    wake: () => {
      for (const lane of lanes) lane.wake();
    },
    close: async () => {
      closing.abort();
      await running;
    },
  };
}

/** As long as the lock is held; takes it again when it is lost. */
async function runLanes<Schema extends OutboxSchema>(
  { store: { database, ready }, log }: Pick<RelaySettings<Schema>, "store" | "log">,
  lanes: readonly Lane[],
  closing: AbortSignal,
): Promise<void> {
  await Promise.race([ready, new Promise((resolve) => closing.addEventListener("abort", resolve))]);
  let told = false;
  while (!closing.aborted) {
    let lock: SqlLock | undefined;
    try {
      lock = await database.tryLock("outbox");
      if (lock !== undefined) {
        told = false;
        const stop = AbortSignal.any([closing, lock.lost]);
        await Promise.all(lanes.map((lane) => lane.run(stop)));
      }
    } catch (error) {
      if (!told) log.warn({ reason: toReason(error) }, "the outbox cannot be locked");
      told = true;
    }
    await lock?.release().catch(() => {});
    await pause(lockRetryMs, closing);
  }
}
