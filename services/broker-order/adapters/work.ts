import { setTimeout as pause } from "node:timers/promises";
import type { ResultMessage } from "../../../contracts/messages.js";
import type { Database } from "../../../kit/sql/database.js";
import type { Log } from "../../shared/log.js";
import type { KafkaLink } from "../../shared/messaging/kafka-link.js";
import type { Consumer } from "../../shared/messaging/messages.js";
import type { QueueConsumer, RabbitmqLink } from "../../shared/messaging/rabbitmq-link.js";
import type { Metrics } from "../../shared/metrics.js";
import { type Relay, startRelay } from "../../shared/outbox/relay.js";
import type { OrderSchema } from "./order-rows.js";
import { orderEventsTopic } from "./outbox-rows.js";

export interface WorkOptions {
  readonly database: Database<OrderSchema>;
  readonly rabbitmq: RabbitmqLink;
  readonly kafka: KafkaLink;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Rejects while the database cannot be used. */
  readonly prepared: () => Promise<void>;
  readonly results: QueueConsumer<typeof ResultMessage>;
  readonly sweep: () => Promise<void>;
}

export interface Work {
  /** There may be something to publish. */
  wake(): void;
  close(): Promise<void>;
}

const retryMs = 1_000;
const sweepMs = 5_000;

/** All that happens without a request, from when the database is there: publish, consume, sweep. */
export function startWork(options: WorkOptions): Work {
  const { database, rabbitmq, kafka, log, metrics } = options;
  const ended = new AbortController();
  let relay: Relay | undefined;
  let consumer: Consumer | undefined;
  const run = async () => {
    await prepare(options, ended.signal);
    if (ended.signal.aborted) return;
    relay = startRelay({ database, kafka, rabbitmq, log, metrics });
    consumer = rabbitmq.consume(options.results);
    // Until then the relay's rows wait.
    kafka
      .ensureTopics([orderEventsTopic])
      .catch((error: unknown) => log.warn({ error }, "topics not created"));
    await sweepAlways(options, ended.signal);
  };
  const running = run();
  return {
    wake: () => relay?.wake(),
    close: async () => {
      ended.abort();
      await running;
      await consumer?.close();
      await relay?.close();
    },
  };
}

async function prepare({ prepared, log }: WorkOptions, ended: AbortSignal): Promise<void> {
  for (let told = false; !ended.aborted; ) {
    try {
      return await prepared();
    } catch (error) {
      if (!told) log.warn({ error }, "database away");
      told = true;
      await waitUnlessEnded(retryMs, ended);
    }
  }
}

async function sweepAlways({ sweep, log }: WorkOptions, ended: AbortSignal): Promise<void> {
  for (let told = false; !ended.aborted; ) {
    try {
      await sweep();
      told = false;
    } catch (error) {
      if (!told) log.warn({ error }, "sweep failed");
      told = true;
    }
    await waitUnlessEnded(sweepMs, ended);
  }
}

async function waitUnlessEnded(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { ref: false, signal }).catch(() => {});
}
