import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Facts, MessageFacts } from "../../cli/trace/facts.js";
import { type CauseGround, findCause } from "../../cli/trace/find-cause.js";
import type { Hop } from "../../cli/trace/hop.js";
import type { StepName } from "../../cli/trace/steps.js";
import { orderEventsTopic, toExchange } from "../../contracts/topology.js";
import { type RunningBroker, runBroker, testAccount } from "../../embedded/amqp/testing/run-broker.js";
import { startKafkaBroker } from "../../embedded/kafka/start-kafka-broker.js";
import { createKafka } from "../../kit/kafka.js";

/** A second is all that it gives an answer, which a busy machine may take longer for. */
const waiting = { timeout: 15_000 };
const closing: (() => Promise<unknown>)[] = [];
let amqp: RunningBroker;
let kafka: string;
/** Answers every question with its status. */
const urls = new Map<number, string>();

beforeAll(async () => {
  amqp = await runBroker();
  closing.push(() => amqp.stop());
  const dataFolder = await mkdtemp(join(tmpdir(), "mybroker-cause-"));
  const broker = await startKafkaBroker({
    ...{ host: "127.0.0.1", port: 0, dataFolder, topics: [], log: () => {} },
  });
  kafka = broker.address;
  closing.push(async () => {
    await broker.close();
    await rm(dataFolder, { recursive: true });
  });
  for (const status of [200, 503]) {
    const server = createServer((_, response) => response.writeHead(status).end("{}"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    urls.set(status, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    closing.push(() => new Promise((resolve) => server.close(resolve)));
  }
});
afterAll(async () => {
  for (const close of closing) await close();
});

const hop = (step: StepName, more: Partial<Hop> = {}) => ({ id: `${step} rest`, step, ...more }) as Hop;

function ask(
  missing: Hop,
  { status = 200, port = amqp.broker.port, facts = {} as Partial<Facts> } = {},
): Promise<string> {
  const none = { value: [] };
  const ground = {
    stores: { findWaiting: async () => undefined, nameOf: (part: string) => part },
    brokers: { kafka: [kafka], rabbitmq: { name: "rabbitmq", host: "127.0.0.1", port, ...testAccount } },
    urlOf: () => urls.get(status),
    signal: new AbortController().signal,
  } as unknown as CauseGround;
  return findCause(missing, { audited: none, orderEvents: none, ...facts } as unknown as Facts, ground);
}

const message = (more: Partial<MessageFacts>): MessageFacts => ({
  ...{ place: "order-events-v1.dlq/0@7", stream: `${orderEventsTopic}.dlq`, key: null, value: {} },
  ...{ publishedMs: 0, clock: "broker", ...more },
});

it("says that nothing is known to hold it up where that is so, and what the hop itself has to say", async () => {
  expect(await ask(hop("stored"))).toBe("broker-order is ready, and nothing waits for it");
  expect(await ask(hop("stored", { note: "there is another one" }))).toBe("there is another one");
});

it("names a service that is not ready", async () => {
  await expect.poll(() => ask(hop("stored"), { status: 503 }), waiting).toBe("broker-order is not ready");
});

it("names the queue that is not there, and the broker that is not", async () => {
  await expect.poll(() => ask(hop("take")), waiting).toBe(`there is no queue ${toExchange.queue}`);
  await expect.poll(() => ask(hop("take"), { port: 1 }), waiting).toBe("rabbitmq does not answer");
});

it("names the dead letter of this hop on Kafka, and none of another", async () => {
  const settled = hop("settle", { id: "settle 7-1" });
  const dead = message({ reason: "quantity is not that of the reservation", value: { executionId: "7-1" } });
  const other = message({ reason: "another one's", value: { executionId: "7-2" } });
  const known = { facts: { orderEvents: { value: [dead, other] } } };
  expect(await ask(settled, known)).toBe(
    "dead letter at order-events-v1.dlq/0@7: quantity is not that of the reservation",
  );
  expect(await ask(hop("settle", { id: "settle 7-3" }), known)).toContain("is ready");
});

it("counts as lag what waits in the order's own partition", async () => {
  const client = await createKafka({
    ...{ clientId: "cause", brokers: [kafka], timeoutMs: 5_000, retries: 3 },
  });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: orderEventsTopic, numPartitions: 2 }] });
  await admin.disconnect();
  const producer = client.producer();
  await producer.connect();
  const messages = [0, 0, 0, 1].map((partition) => ({ partition, value: "{}" }));
  await producer.send({ topic: orderEventsTopic, messages });
  await producer.disconnect();
  const lag = (count: number) => `consumer lag ${count} of broker-wallet on ${orderEventsTopic}`;
  await expect.poll(() => ask(hop("settle")), waiting).toBe(lag(4));
  const own = { orderEvents: { value: [message({ stream: orderEventsTopic, partition: 1 })] } };
  await expect.poll(() => ask(hop("settle"), { facts: own }), waiting).toBe(lag(1));
});
