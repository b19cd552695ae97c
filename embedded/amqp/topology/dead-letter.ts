import type { DeadLetterReason, Message } from "../queues/queue.js";
import { decodeProperties, encodeProperties, type Properties } from "../wire/properties.js";
import {
  emptyTable,
  type Field,
  fieldInteger,
  fieldText,
  longField,
  type Table,
  textField,
} from "../wire/table.js";
import type { BrokerQueue } from "./binding.js";
import { carbonCopies, publishOptions } from "./publish-options.js";
import type { Topology } from "./topology.js";

interface Death {
  readonly queue: string;
  readonly reason: DeadLetterReason;
  /** x-dead-letter-exchange. */
  readonly exchange: string;
  /** x-dead-letter-routing-key; undefined keeps the message's. */
  readonly routingKey: string | undefined;
  readonly timeMs: number;
}

/** x-death: one entry per queue and reason, the last death first (RabbitMQ docs, "Dead Letter Exchanges"). */
function readDeaths(headers: Table | undefined): readonly Table[] {
  const field = headers?.get("x-death");
  return field?.type === "A" ? field.value.flatMap((entry) => (entry.type === "F" ? [entry.value] : [])) : [];
}

function diedIn(entry: Table, { queue, reason }: Death): boolean {
  return fieldText(entry.get("queue")) === queue && fieldText(entry.get("reason")) === reason;
}

function describeDeath(message: Message, properties: Properties, death: Death): Table {
  const keys = [message.routingKey, ...carbonCopies(properties.headers).cc];
  const entry = new Map<string, Field>([
    ["count", longField(1)],
    ["reason", textField(death.reason)],
    ["queue", textField(death.queue)],
    ["time", { type: "T", value: BigInt(Math.floor(death.timeMs / 1000)) }],
    ["exchange", textField(message.exchange)],
    ["routing-keys", { type: "A", value: keys.map(textField) }],
  ]);
  if (properties.expiration !== undefined) entry.set("original-expiration", textField(properties.expiration));
  return entry;
}

/** The message as it goes to the dead letter exchange: with its deaths, without its expiration. */
function buildDeadLetter(message: Message, death: Death): { message: Message; properties: Properties } {
  const { expiration, ...properties } = decodeProperties(message.propertyBytes);
  const headers = new Map(properties.headers);
  const deaths = readDeaths(headers);
  const before = deaths.find((entry) => diedIn(entry, death));
  const entry =
    before === undefined
      ? describeDeath(message, expiration === undefined ? properties : { ...properties, expiration }, death)
      : new Map(before).set("count", longField((fieldInteger(before.get("count")) ?? 0) + 1));
  const others = deaths.filter((other) => other !== before);
  headers.set("x-death", {
    type: "A",
    value: [entry, ...others].map((value): Field => ({ type: "F", value })),
  });
  for (const [name, value] of [
    ["reason", death.reason],
    ["queue", death.queue],
    ["exchange", message.exchange],
  ] as const) {
    if (!headers.has(`x-first-death-${name}`)) headers.set(`x-first-death-${name}`, textField(value));
    headers.set(`x-last-death-${name}`, textField(value));
  }
  if (death.routingKey !== undefined) headers.delete("CC");
  const dead = { ...properties, headers };
  return {
    message: {
      exchange: death.exchange,
      routingKey: death.routingKey ?? message.routingKey,
      propertyBytes: encodeProperties(dead),
      body: message.body,
    },
    properties: dead,
  };
}

/** Whether the message would come back to a queue where it died, with no rejection by a consumer on the way. */
function isCycle(headers: Table | undefined, queue: string): boolean {
  const deaths = readDeaths(headers);
  const last = deaths.findIndex((entry) => fieldText(entry.get("queue")) === queue);
  return (
    last >= 0 && deaths.slice(0, last + 1).every((entry) => fieldText(entry.get("reason")) !== "rejected")
  );
}

/**
 * Routes a message that left `queue` through its dead letter exchange; without that exchange, without a queue behind it
 * or when it would go round in a circle it is dropped, as RabbitMQ does.
 * @throws Error where a queue could not keep it: the original must stay
 */
export async function sendDeadLetter(
  topology: Topology,
  queue: BrokerQueue,
  dead: { readonly message: Message; readonly reason: DeadLetterReason },
): Promise<void> {
  const exchangeName = queue.effective["x-dead-letter-exchange"];
  const routingKey = queue.effective["x-dead-letter-routing-key"];
  const exchange = topology.exchanges.get(String(exchangeName));
  if (exchange === undefined) return;
  const { message, properties } = buildDeadLetter(dead.message, {
    queue: queue.name,
    reason: dead.reason,
    exchange: exchange.name,
    routingKey: typeof routingKey === "string" ? routingKey : undefined,
    timeMs: Date.now(),
  });
  const headers = properties.headers ?? emptyTable;
  const routingKeys = [message.routingKey, ...carbonCopies(headers).cc];
  const targets = [...topology.route(exchange, { routingKeys, headers })].filter((target) => {
    const cycle = isCycle(headers, target.name);
    if (cycle) topology.log("warn", `dropped a dead letter that would go round to queue '${target.name}'`);
    return !cycle;
  });
  const options = publishOptions(properties);
  const outcomes = await Promise.all(targets.map(({ stored }) => stored.publish(message, options)));
  const failed = targets.find((_, index) => outcomes[index] === "failed");
  if (failed !== undefined) {
    throw new Error(
      `a dead letter could not be stored in queue '${failed.name}': it stays until the next start`,
    );
  }
}
