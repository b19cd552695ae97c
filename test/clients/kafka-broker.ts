import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kafka } from "kafkajs";
import { startKafkaBroker } from "../../embedded/kafka/start-kafka-broker.js";
import { createKafka } from "../../kit/kafka.js";

export interface KafkaForClients {
  /** "127.0.0.1:port" */
  readonly address: string;
  readonly kafka: Kafka;
  /** What the broker logged as a warning or an error. */
  readonly complaints: readonly string[];
  createTopic(name: string, partitions?: number): Promise<void>;
  /** Bytes that partition 0 of it takes on the disk. */
  sizeOf(topic: string): Promise<number>;
  close(): Promise<void>;
}

/** The embedded broker, with data of its own. */
export async function startKafkaForClients(): Promise<KafkaForClients> {
  const dataFolder = await mkdtemp(join(tmpdir(), "mybroker-clients-"));
  const complaints: string[] = [];
  const broker = await startKafkaBroker({
    host: "127.0.0.1",
    port: 0,
    dataFolder,
    topics: [],
    log: (level, text) => {
      if (level !== "info") complaints.push(text);
    },
  });
  const kafka = await createKafka({
    clientId: "clients",
    brokers: [broker.address],
    timeoutMs: 10_000,
    retries: 3,
  });
  return {
    address: broker.address,
    kafka,
    complaints,
    createTopic: async (topic, numPartitions = 1) => {
      const admin = kafka.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions }] });
      await admin.disconnect();
    },
    sizeOf: async (topic) => {
      const paths = (await readdir(dataFolder, { recursive: true })).filter(
        (path) => path.includes(topic) && path.endsWith(".log"),
      );
      const sizes = await Promise.all(paths.map(async (path) => (await stat(join(dataFolder, path))).size));
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    close: async () => {
      await broker.close();
      await rm(dataFolder, { recursive: true });
    },
  };
}
