import { createKafka } from "../../../kit/kafka.js";
import { connectRabbitmq } from "../../../kit/rabbitmq.js";
import { account, type RuntimeProcess } from "../support/runtime-process.js";
import { waitUntil } from "../support/wait-until.js";

/** Ordinary clients on both ports, on the connections that they had before anything happened. */
export interface Innocents {
  /** A record and a message go there and back. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export async function connectInnocents({ ports }: RuntimeProcess): Promise<Innocents> {
  const received = new Set<string>();
  const kafka = await connectKafka(ports.kafka, received);
  const rabbitmq = await connectAmqp(ports.rabbitmq, received);
  let count = 0;
  const check = async (): Promise<void> => {
    count += 1;
    const bodies = [`kafka ${count}`, `amqp ${count}`] as const;
    await Promise.all([kafka.send(bodies[0]), rabbitmq.send(bodies[1])]);
    await waitUntil(() => bodies.every((body) => received.has(body)), { what: bodies.join(" and ") });
  };
  await check();
  return { check, close: async () => void (await Promise.all([kafka.close(), rabbitmq.close()])) };
}

interface Innocent {
  send(body: string): Promise<void>;
  close(): Promise<unknown>;
}

async function connectKafka(port: number, received: Set<string>): Promise<Innocent> {
  const topic = "innocent";
  const settings = { clientId: "innocent", brokers: [`127.0.0.1:${port}`], timeoutMs: 10_000, retries: 0 };
  const kafka = await createKafka(settings);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic }] });
  await admin.disconnect();
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: "innocent", maxWaitTimeInMs: 100, retry: { retries: 0 } });
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void received.add(String(message.value)) });
  return {
    send: async (value) => void (await producer.send({ topic, messages: [{ value }] })),
    close: () => Promise.all([producer.disconnect(), consumer.disconnect()]),
  };
}

async function connectAmqp(port: number, received: Set<string>): Promise<Innocent> {
  const settings = { host: "127.0.0.1", port, ...account, timeoutMs: 10_000 };
  const connection = await connectRabbitmq({ ...settings, connectionName: "innocent" });
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue("innocent", { durable: true });
  await channel.consume(queue, (message) => void received.add(String(message?.content)), { noAck: true });
  return {
    send: async (body) => {
      channel.sendToQueue(queue, Buffer.from(body), { persistent: true });
      await channel.waitForConfirms();
    },
    close: () => connection.close(),
  };
}
