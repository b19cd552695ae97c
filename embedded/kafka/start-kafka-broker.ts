import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Broker } from "./broker.js";
import { GroupCoordinator } from "./groups/group-coordinator.js";
import { dispatch } from "./server/dispatch.js";
import { type Log, limitLog } from "./server/limit-log.js";
import { listen } from "./server/listen.js";
import { openBrokerState } from "./topics/broker-state.js";
import { watchDiskSpace } from "./topics/disk-space.js";
import { TopicRegistry } from "./topics/topic-registry.js";

export interface KafkaBrokerOptions {
  /** A loopback address; it is also what clients are told to connect to. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Created when it is not there; one broker at a time. */
  readonly dataFolder: string;
  /** Created when they do not exist; others stay as they are. */
  readonly topics: readonly { readonly name: string; readonly partitions: number }[];
  readonly log: Log;
}

export interface RunningBroker {
  /** "127.0.0.1:9092" */
  readonly address: string;
  readonly port: number;
  /** Ends the connections, then writes and flushes everything. */
  close(): Promise<void>;
}

/** What was acknowledged is on the disk after so long at most. */
const flushIntervalMs = 1000;
/** log.retention.check.interval.ms is 5 minutes in Apache Kafka; folders are small here. */
const retentionIntervalMs = 60_000;

/**
 * Starts a broker that speaks Kafka's protocol (docs/adr/0008-embedded-runtime.md).
 * @throws Error with code "EADDRINUSE", "DATA_DAMAGED", "DATA_NEWER", or what the operating system says
 */
export async function startKafkaBroker(options: KafkaBrokerOptions): Promise<RunningBroker> {
  const { host, dataFolder, log } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    const failures: unknown[] = [];
    for (const closer of closers.splice(0).reverse()) await closer().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 });
    const state = await openBrokerState(dataFolder);
    const topics = await TopicRegistry.open(dataFolder, log);
    closers.push(() => topics.close());
    const hasTopic = (name: string) => topics.get(name) !== undefined;
    const groups = await GroupCoordinator.open({ folder: join(dataFolder, "groups"), log, hasTopic });
    closers.push(() => groups.close());
    for (const { name, partitions } of options.topics) {
      if (topics.get(name) === undefined) await topics.create(name, partitions, {});
    }
    const isDiskLow = watchDiskSpace(dataFolder, log);
    const broker = {
      ...state,
      host,
      port: options.port,
      topics,
      groups,
      isDiskLow,
      report: limitLog(log, "error"),
    };
    closers.push(startUpkeep(broker));
    const listener = await listen({
      host,
      port: options.port,
      serve: (frame, client) => dispatch(broker, frame, client),
      log,
    });
    closers.push(() => listener.close());
    broker.port = listener.port;
    return { address: `${host}:${listener.port}`, port: listener.port, close };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

/** Flushes and applies retention now and then. @returns a function that ends it once what is under way is done */
function startUpkeep({ topics, groups, report }: Broker): () => Promise<void> {
  const repeat = (intervalMs: number, work: () => Promise<void>) => {
    let running: Promise<void> | undefined;
    const timer = setInterval(() => {
      running ??= work()
        .catch((error: Error) => report("upkeep", `kafka: ${error.message}`))
        .finally(() => {
          running = undefined;
        });
    }, intervalMs).unref();
    return async () => {
      clearInterval(timer);
      await running;
    };
  };
  const endFlushing = repeat(flushIntervalMs, async () => {
    await topics.forEachPartition((partition) => partition.flush());
    await groups.flush();
  });
  const endRetention = repeat(retentionIntervalMs, async () => {
    await topics.forEachPartition((partition) => partition.applyRetention());
    await groups.applyRetention();
  });
  return async () => {
    await endFlushing();
    await endRetention();
  };
}
