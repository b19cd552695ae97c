import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKafkaBroker } from "../../embedded/kafka/start-kafka-broker.js";

export interface TestKafka {
  /** "127.0.0.1:<port>", also after a restart. */
  readonly address: string;
  stop(): Promise<void>;
  /** On the same data and port. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** The embedded broker without topics, on a free port and a folder of its own. */
export async function startTestKafka(): Promise<TestKafka> {
  const dataFolder = await mkdtemp(join(tmpdir(), "mybroker-kafka-"));
  const start = (port: number) =>
    startKafkaBroker({ host: "127.0.0.1", port, dataFolder, topics: [], log: () => {} });
  let broker = await start(0);
  const { address, port } = broker;
  return {
    address,
    stop: () => broker.close(),
    start: async () => {
      broker = await start(port);
    },
    close: async () => {
      await broker.close().catch(() => {});
      await rm(dataFolder, { recursive: true });
    },
  };
}
