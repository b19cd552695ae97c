import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "amqplib";
import { createKafka } from "../../../kit/kafka.js";
import type { EmbeddedProject } from "../../support/embedded-project.js";

/** Values of a few hundred bytes; the first of the topic's segments is closed, and the queue holds all of them. */
export const written = Array.from({ length: 6 }, (_, index) => `${index} `.padEnd(300, "."));

export const topic = "faulty";
export const queue = "faulty";

/** On brokers that run. */
export async function writeData(project: EmbeddedProject): Promise<void> {
  const kafka = await connectKafka(project);
  const admin = kafka.admin();
  await admin.connect();
  const configEntries = [{ name: "segment.ms", value: "1" }];
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  for (const [index, value] of written.entries()) {
    // The age of a segment is told by its records' times.
    const timestamp = String(Date.now() + index * 1000);
    await producer.send({ topic, acks: -1, messages: [{ value, timestamp }] });
  }
  await producer.disconnect();
  const connection = await connectAmqp(project);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true });
  for (const value of written) channel.sendToQueue(queue, Buffer.from(value), { persistent: true });
  await channel.waitForConfirms();
  await connection.close();
}

/** What is there now: record values and message bodies. */
export async function readData(project: EmbeddedProject): Promise<{ records: string[]; messages: string[] }> {
  const kafka = await connectKafka(project);
  const consumer = kafka.consumer({ groupId: `reader-${Date.now()}` });
  const admin = kafka.admin();
  await Promise.all([admin.connect(), consumer.connect()]);
  const [partition] = await admin.fetchTopicOffsets(topic);
  const records: string[] = [];
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        records.push(String(message.value));
        if (records.length === Number(partition?.high)) resolve();
      },
    });
  });
  await Promise.all([admin.disconnect(), consumer.disconnect()]);
  const connection = await connectAmqp(project);
  const channel = await connection.createChannel();
  const messages: string[] = [];
  for (let message = await channel.get(queue); message !== false; message = await channel.get(queue)) {
    messages.push(message.content.toString());
  }
  await connection.close();
  return { records, messages };
}

export async function connectKafka({ ports }: EmbeddedProject) {
  const brokers = [`127.0.0.1:${ports.kafka}`];
  return createKafka({ clientId: "faults", brokers, timeoutMs: 10_000, retries: 0 });
}

export async function connectAmqp(project: EmbeddedProject) {
  const { stdout } = await project.run("env", "rabbitmq");
  const connection = await connect(/^RABBITMQ_URL=(.*)$/m.exec(stdout)?.[1] ?? "");
  connection.on("error", () => {});
  return connection;
}

/** Paths below the data folder that the pattern matches, sorted. */
export function findFiles(project: EmbeddedProject, pattern: RegExp): string[] {
  const folder = join(project.place, "data");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    pattern.test(name),
  );
  return names.sort().map((name) => join(folder, name));
}

export function flipByte(path: string, position: number): void {
  const bytes = readFileSync(path);
  bytes[position] = (bytes[position] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}
