import { once } from "node:events";
import type { ResultMessage } from "../../../contracts/messages.js";
import type { Database } from "../../../kit/sql/database.js";
import type { Log } from "../../shared/log.js";
import type { KafkaLink } from "../../shared/messaging/kafka-link.js";
import { type Consumer, pause } from "../../shared/messaging/messages.js";
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
  /** Resolves when the database has its schema. */
  readonly ready: Promise<void>;
  readonly results: QueueConsumer<typeof ResultMessage>;
  readonly sweep: () => Promise<void>;
}

export interface Work {
  /** There may be something to publish. */
  wake(): void;
  close(): Promise<void>;
}

const sweepMs = 5_000;

/** All that happens without a request, from when the database is there: publish, consume, sweep. */
export function startWork(options: WorkOptions): Work {
  const { database, rabbitmq, kafka, log, metrics, ready } = options;
  const ended = new AbortController();
  const ending = once(ended.signal, "abort");
  let relay: Relay | undefined;
  let consumer: Consumer | undefined;
  const run = async () => {
    await Promise.race([ready, ending]);
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

async function sweepAlways({ sweep, log }: WorkOptions, ended: AbortSignal): Promise<void> {
  for (let told = false; !ended.aborted; ) {
    try {
      await sweep();
      told = false;
    } catch (error) {
      if (!told) log.warn({ error }, "sweep failed");
      told = true;
    }
    await pause(sweepMs, ended);
  }
}
