import { ordersExchange, toExchange } from "../../contracts/topology.js";
import { createKafka } from "../../kit/kafka.js";
import type { ComposeStack } from "../support/compose-stack.js";
import { queryMysql, queryPostgres, withMongo, withRabbitmq, withRedis } from "./stores.js";

const topic = "kept";

export async function connectKafka(stack: ComposeStack) {
  const { host, port } = stack.target("kafka");
  return createKafka({ clientId: "stack-test", brokers: [`${host}:${port}`], timeoutMs: 10_000, retries: 2 });
}

/** Services of one kind, in the order of the file. */
export function servicesOfKind(stack: ComposeStack, kind: string): string[] {
  const named = Object.entries(stack.services);
  return named.filter(([, service]) => service["x-mybroker"].kind === kind).map(([name]) => name);
}

/** Puts something durable into every store: a row, a document, a value, ten messages, a record. */
export async function storeInAll(stack: ComposeStack): Promise<void> {
  const table = "CREATE TABLE kept AS SELECT 42 AS answer";
  for (const service of servicesOfKind(stack, "mysql")) await queryMysql(stack.target(service), table);
  await queryPostgres(stack.target("b3-core-db"), table);
  await withMongo(stack.target("broker-mongodb"), (client) =>
    client.db("stack").collection("kept").insertOne({ answer: 42 }),
  );
  for (const service of servicesOfKind(stack, "redis")) {
    await withRedis(stack.target(service), (redis) => redis.set("kept", "42"));
  }
  await withRabbitmq(stack.target("rabbitmq"), async (channel) => {
    for (let count = 0; count < 10; count++) {
      channel.publish(ordersExchange, toExchange.routingKey, Buffer.from("kept"), { persistent: true });
    }
    await channel.waitForConfirms();
  });
  await storeRecord(stack);
}

async function storeRecord(stack: ComposeStack): Promise<void> {
  const kafka = await connectKafka(stack);
  const admin = kafka.admin();
  await admin.connect();
  const topics = [{ topic, numPartitions: 3, replicationFactor: 1 }];
  await admin.createTopics({ topics, waitForLeaders: true });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: [{ partition: 1, value: "kept" }] });
  await producer.disconnect();
}

/** What each store has of it, by service. */
export async function readFromAll(stack: ComposeStack): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const service of servicesOfKind(stack, "mysql")) {
    found[service] = (await queryMysql(stack.target(service), "SELECT answer FROM kept")).answer;
  }
  found["b3-core-db"] = (await queryPostgres(stack.target("b3-core-db"), "SELECT answer FROM kept")).answer;
  found["broker-mongodb"] = await withMongo(stack.target("broker-mongodb"), async (client) => {
    return (await client.db("stack").collection("kept").findOne({}))?.answer;
  });
  for (const service of servicesOfKind(stack, "redis")) {
    found[service] = Number(await withRedis(stack.target(service), (redis) => redis.get("kept")));
  }
  found.rabbitmq = await withRabbitmq(stack.target("rabbitmq"), async (channel) => {
    return (await channel.checkQueue(toExchange.queue)).messageCount;
  });
  found.kafka = await countRecords(stack);
  return found;
}

async function countRecords(stack: ComposeStack): Promise<number> {
  const admin = (await connectKafka(stack)).admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}
