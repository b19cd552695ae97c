import { expect, vi } from "vitest";
import { toBroker, toExchange } from "../../../contracts/topology.js";
import { countMessages, repeatMessages, scatterRecords, shuffleQueue } from "./deliver-again.js";
import type { EngineSystem } from "./engine-system.js";

export interface FaultSettings {
  /** How long a database is stopped. */
  readonly outageMs: number;
  /** How many are hit at the same time where each has its turn. */
  readonly atOnce: number;
  readonly random: () => number;
}

/** How many messages or records came once more, or in another order. */
export type Delivered = Readonly<Record<string, number>>;

const waiting = { timeout: 120_000, interval: 250 };
export const eventTopics = ["order-events-v1", "wallet-events-v1"];
export const databases = [
  "broker-identity-db",
  "broker-asset-db",
  "broker-wallet-db",
  "broker-order-db",
  "b3-core-db",
  "broker-mongodb",
];

/** Everything that must lose nothing, once, while others trade. */
export async function inflictAll(
  system: EngineSystem,
  settings: FaultSettings,
  say: (text: string) => void,
): Promise<Delivered> {
  const { containers, stack } = system;
  const { atOnce, outageMs, random } = settings;
  const rabbitmq = stack.target("rabbitmq");
  say("killed one after the other: engine, order, wallet and report, what waits for each comes shuffled");
  const shuffled = await killAlongTheWay(system, random);
  const others = [
    "broker-gateway",
    "broker-identity",
    "broker-asset",
    "broker-market-data",
    "b3-market-sync",
  ];
  for (const group of chunk(others, atOnce)) {
    say(`killed: ${group.join(", ")}`);
    await containers.kill(...group);
    await containers.start(...group);
  }
  const copiedEarly = await repeatMessages(rabbitmq, random);
  say("all messages of RabbitMQ once more; restarted: kafka");
  await containers.restart("kafka");
  await containers.waitUntilHealthy("kafka");
  say("restarted: rabbitmq");
  await containers.restart("rabbitmq");
  await containers.waitUntilHealthy("rabbitmq");
  say("recreated: rabbitmq");
  await containers.remove("rabbitmq");
  await system.up();
  for (const group of chunk(databases, atOnce)) {
    say(`stopped: ${group.join(", ")}`);
    await containers.stop(...group);
    await pause(outageMs);
    await containers.start(...group);
  }
  for (const group of chunk(["broker-wallet-db", "broker-order-db", "b3-core-db"], atOnce)) {
    say(`frozen: ${group.join(", ")}`);
    await containers.pause(...group);
    await pause(outageMs);
    await containers.unpause(...group);
  }
  await containers.waitUntilHealthy(...system.services);
  return { ...shuffled, copiedEarly };
}

/** Every message and event that there ever was, shuffled. */
export async function deliverAllAgain({ stack }: EngineSystem, random: () => number): Promise<Delivered> {
  const messages = await repeatMessages(stack.target("rabbitmq"), random);
  const kafka = stack.target("kafka");
  let records = 0;
  for (const topic of eventTopics) records += await scatterRecords(kafka, topic, random);
  return { messages, records };
}

/** Each of the four is dead while what it has to read piles up, which then comes in another order, twice. */
async function killAlongTheWay({ containers, stack }: EngineSystem, random: () => number) {
  const rabbitmq = stack.target("rabbitmq");
  const untilCount = (queue: string, isEnough: (messages: number) => boolean) =>
    vi.waitUntil(async () => isEnough(await countMessages(rabbitmq, queue)), waiting);
  await containers.kill("b3-matching-engine");
  await untilCount(toExchange.queue, (messages) => messages >= 20);
  const shuffledOrders = await shuffleQueue(rabbitmq, toExchange.queue, random);
  await containers.kill("broker-order");
  await containers.start("b3-matching-engine");
  await untilCount(toExchange.queue, (messages) => messages === 0);
  await untilCount(toBroker.queue, (messages) => messages >= 20);
  const shuffledResults = await shuffleQueue(rabbitmq, toBroker.queue, random);
  await containers.kill("broker-wallet", "broker-report");
  await containers.start("broker-order");
  await untilCount(toBroker.queue, (messages) => messages === 0);
  const scatteredEvents = await scatterRecords(stack.target("kafka"), "order-events-v1", random);
  await containers.start("broker-wallet", "broker-report");
  return { shuffledOrders, shuffledResults, scatteredEvents };
}

/** No message was taken for one that can never be valid. */
export async function expectNoDeadLetters({ stack }: EngineSystem): Promise<void> {
  for (const { deadLetterQueue } of [toExchange, toBroker]) {
    expect([deadLetterQueue, await countMessages(stack.target("rabbitmq"), deadLetterQueue)]).toEqual([
      deadLetterQueue,
      0,
    ]);
  }
}

/** The length of an outage is what is tested here, nothing is waited for. */
function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

function chunk<T>(items: readonly T[], size: number): T[][] {
  return items.flatMap((_, index) => (index % size === 0 ? [items.slice(index, index + size)] : []));
}
