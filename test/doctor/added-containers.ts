import { execa } from "execa";
import { createKafka } from "../../kit/kafka.js";
import { findFreePorts } from "../support/free-ports.js";
import type { DoctoredStack } from "./doctored-stack.js";

const file = "docker-compose.override.yml";
const names = ["my-kafka", "my-cache"];

const written = (kafkaPort: number, cachePort: number) => `services:
  my-kafka:
    image: \${KAFKA_IMAGE:-apache/kafka:4.1.2}
    environment:
      KAFKA_NODE_ID: 1
      KAFKA_PROCESS_ROLES: broker,controller
      KAFKA_CONTROLLER_QUORUM_VOTERS: 1@localhost:9093
      KAFKA_LISTENERS: PLAINTEXT://:9092,CONTROLLER://:9093
      KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://127.0.0.1:${kafkaPort}
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
      KAFKA_CONTROLLER_LISTENER_NAMES: CONTROLLER
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: 1
      KAFKA_LOG_CLEANER_DEDUPE_BUFFER_SIZE: 8388608
      KAFKA_HEAP_OPTS: -Xms128m -Xmx256m
    ports: ["127.0.0.1:${kafkaPort}:9092"]
    x-mybroker: { kind: kafka, port: 9092, topics: [my-topic] }
  my-cache:
    image: redis:7.4.9-alpine
    ports: ["127.0.0.1:${cachePort}:6379"]
    x-mybroker: { kind: redis, port: 6379 }
`;

/** A Kafka and a cache of the user's own, in a file beside the shipped one: they start with the others. */
export interface AddedContainers {
  readonly file: string;
  readonly text: string;
  publish(topic: string, value: string): Promise<void>;
  /** With what the file says. */
  remove(stack: DoctoredStack): Promise<void>;
}

export async function describeAddedContainers(): Promise<AddedContainers> {
  const [kafkaPort = 0, cachePort = 0] = await findFreePorts(2);
  return {
    file,
    text: written(kafkaPort, cachePort),
    publish: async (topic, value) => {
      const brokers = [`127.0.0.1:${kafkaPort}`];
      const kafka = await createKafka({ clientId: "stranger", brokers, timeoutMs: 10_000, retries: 3 });
      const producer = kafka.producer();
      await producer.connect();
      await producer.send({ topic, messages: [{ value }] });
      await producer.disconnect();
    },
    remove: async (stack) => {
      stack.write(file, "services: {}\n");
      await execa("docker", [
        "rm",
        "--force",
        "--volumes",
        ...names.map((each) => `${stack.name}-${each}-1`),
      ]);
    },
  };
}
