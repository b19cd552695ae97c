import { createKafka } from "../../kit/kafka.js";
import { connectRabbitmq } from "../../kit/rabbitmq.js";
import type { RabbitWorld } from "../contract/streams/rabbit-world.js";

type Facts = Readonly<Record<string, unknown>>;

/** Of each queue: what waits, who reads, and what the broker counted of deliveries and acknowledgements. */
const queueFacts = [
  ...["name", "type", "durable", "auto_delete", "exclusive", "arguments"],
  ...["messages_unacknowledged", "consumers", "message_stats"],
];
const vhostFacts = ["name", "description", "tags", "default_queue_type", "metadata", "tracing"];

/** All that a listener could leave behind on both brokers. */
export async function readBrokerState(world: RabbitWorld): Promise<object> {
  const [rabbit, kafka] = await Promise.all([readRabbit(world), readKafka(world.kafka)]);
  return { ...rabbit, ...kafka };
}

async function readRabbit({ broker }: RabbitWorld): Promise<object> {
  const connection = await connectRabbitmq({ ...broker, timeoutMs: 5_000, connectionName: "state" });
  const channel = await connection.createChannel();
  const get = async (path: string) => JSON.parse(await askManagementApi(broker.management, path)) as never;
  const queues: Facts[] = await get("/api/queues/%2F");
  const [exchanges, bindings]: [Facts[], Facts[]] = [
    await get("/api/exchanges/%2F"),
    await get("/api/bindings/%2F"),
  ];
  const vhost: Facts = await get("/api/vhosts/%2F");
  // The embedded broker has no list of them.
  const connections = (await get("/api/connections")) as readonly Facts[] | Facts;
  const waiting = new Map<unknown, number>();
  for (const { name, exclusive } of queues) {
    // As of now: the management API is seconds behind. Of another's exclusive queue nobody is told.
    if (exclusive !== true) waiting.set(name, (await channel.checkQueue(String(name))).messageCount);
  }
  await connection.close();
  return {
    queues: sortByText(
      queues.map((queue) => ({ ...describeQueue(queue), waiting: waiting.get(queue.name) })),
    ),
    exchanges: sortByText(
      exchanges.map((one) => pick(one, ["name", "type", "durable", "auto_delete", "internal", "arguments"])),
    ),
    bindings: sortByText(bindings),
    vhost: pick(vhost, vhostFacts),
    tails: Array.isArray(connections)
      ? connections.filter((one) => one.user_provided_name === "mybroker tail").length
      : 0,
  };
}

/** A stream counts its readers' deliveries and loses nothing by them: that number is nobody's state. */
function describeQueue(queue: Facts): Facts {
  const { message_stats, ...facts } = pick(queue, queueFacts);
  if (queue.type === "stream") return facts;
  const stats = (message_stats ?? {}) as Facts;
  const counts = Object.entries(stats).filter(([, value]) => typeof value === "number" && value > 0);
  return { ...facts, message_stats: Object.fromEntries(counts) };
}

async function readKafka(address: string): Promise<object> {
  const kafka = await createKafka({ clientId: "state", brokers: [address], timeoutMs: 10_000, retries: 3 });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).sort();
    const offsets = await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)));
    const { groups } = await admin.listGroups();
    return { topics, offsets: offsets.map(sortByText), groups: sortByText(groups) };
  } finally {
    await admin.disconnect();
  }
}

function pick(facts: Facts, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (name in facts ? [[name, facts[name]]] : [])));
}

function sortByText<T>(values: readonly T[]): T[] {
  return [...values].sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

/** As it is on the wire: the test is to see what the product does not ask for. */
export async function askManagementApi(
  address: RabbitWorld["broker"]["management"],
  path: string,
): Promise<string> {
  if (address === undefined) throw new Error("the broker has no management API");
  if ("socketPath" in address) {
    const { get } = await import("node:http");
    return new Promise((resolve, reject) => {
      const { socketPath, service } = address;
      get({ socketPath, path: `/services/${service}${path}`, agent: false }, async (response) => {
        resolve((await response.toArray()).join(""));
      }).once("error", reject);
    });
  }
  const login = Buffer.from(`${address.user}:${address.password}`).toString("base64");
  const answer = await fetch(`http://${address.host}:${address.port}${path}`, {
    headers: { authorization: `Basic ${login}` },
  });
  return answer.text();
}
