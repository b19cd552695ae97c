import { readFileSync } from "node:fs";
import { join } from "node:path";
import { auditStream, deadLetterExchange, deadLetterTopic, topics } from "../../contracts/topology.js";
import { createKafka } from "../../kit/kafka.js";
import { connectRabbitmq, type RabbitmqSettings } from "../../kit/rabbitmq.js";
import { compile } from "../../services/shared/validate.js";

export interface CollectedMessage {
  /** A topic, or a routing key of RabbitMQ; with ".dead" where it came over the dead-letter exchange. */
  readonly channel: string;
  readonly payload: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface Collector {
  readonly messages: readonly CollectedMessage[];
  /** What does not agree with docs/asyncapi.json, a line each. */
  findProblems(): string[];
  close(): Promise<void>;
}

export interface Brokers {
  readonly kafka: string;
  readonly rabbitmq: Pick<RabbitmqSettings, "host" | "port" | "user" | "password">;
}

/** Reads, from the beginning, all that passes both brokers, and takes nothing from anyone. The topics must be there. */
export async function collectMessages({ kafka, rabbitmq }: Brokers): Promise<Collector> {
  const messages: CollectedMessage[] = [];
  const collect = (message: CollectedMessage) => void messages.push(message);
  const closeKafka = await readTopics(kafka, collect);
  const closeRabbitmq = await readStream(rabbitmq, collect);
  return {
    messages,
    findProblems: () => messages.flatMap(checkMessage()),
    close: async () => {
      await closeKafka();
      await closeRabbitmq();
    },
  };
}

async function readTopics(broker: string, collect: (message: CollectedMessage) => void) {
  const client = await createKafka({
    clientId: "collector",
    brokers: [broker],
    timeoutMs: 5_000,
    retries: 5,
  });
  const admin = client.admin();
  await admin.connect();
  const dead = topics.map(({ name }) => ({ topic: deadLetterTopic(name), numPartitions: 1 }));
  await admin.createTopics({ topics: dead });
  await admin.disconnect();
  const consumer = client.consumer({
    groupId: `collector-${process.pid}-${Date.now()}`,
    maxWaitTimeInMs: 200,
  });
  await consumer.connect();
  const names = [...topics.map(({ name }) => name), ...dead.map(({ topic }) => topic)];
  await consumer.subscribe({ topics: names, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, message }) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
      collect({
        channel: topic,
        payload: parse(String(message.value)),
        headers: Object.fromEntries(headers),
      });
    },
  });
  return () => consumer.disconnect();
}

async function readStream(login: Brokers["rabbitmq"], collect: (message: CollectedMessage) => void) {
  const connection = await connectRabbitmq({ ...login, timeoutMs: 5_000, connectionName: "collector" });
  const channel = await connection.createChannel();
  await channel.prefetch(500);
  const from = { arguments: { "x-stream-offset": "first" } };
  await channel.consume(
    auditStream,
    (message) => {
      if (message === null) return;
      const { routingKey, exchange } = message.fields;
      const channelName = exchange === deadLetterExchange ? `${routingKey}.dead` : routingKey;
      const headers = message.properties.headers ?? {};
      collect({ channel: channelName, payload: parse(message.content.toString()), headers });
      channel.ack(message);
    },
    from,
  );
  return () => connection.close();
}

/** Text where it is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

interface Document {
  readonly channels: Readonly<Record<string, { readonly messages: Readonly<Record<string, unknown>> }>>;
  readonly components: Readonly<Record<"messages" | "schemas", Readonly<Record<string, Described>>>>;
}
interface Described {
  readonly headers: object;
}

function checkMessage(): (message: CollectedMessage) => string[] {
  const path = join(import.meta.dirname, "../../docs/asyncapi.json");
  const { channels, components } = JSON.parse(readFileSync(path, "utf8")) as Document;
  const checks = new Map(
    Object.entries(channels).map(([channel, { messages }]) => {
      const name = Object.keys(messages)[0] ?? "";
      return [
        channel,
        {
          headers: compile(components.messages[name]?.headers as never),
          payload: compile((components.schemas[name] ?? {}) as never),
        },
      ];
    }),
  );
  return ({ channel, payload, headers }) => {
    const check = checks.get(channel);
    if (check === undefined) return [`${channel} is not in the document`];
    return [check.payload(payload), check.headers(headers)].flatMap((checked) =>
      checked.ok ? [] : [`${channel}: ${checked.reason} in ${JSON.stringify({ payload, headers })}`],
    );
  };
}
