import type { DeadLetterReason, Message } from "../queues/queue.js";
import { emptyTable } from "../wire/table.js";
import type { BrokerQueue } from "./binding.js";
import { buildDeadLetter, isCycle } from "./dead-letter.js";
import { publishOptions } from "./publish-options.js";
import { carbonCopies } from "./routing-keys.js";
import type { Topology } from "./topology.js";

/**
 * Routes a message that left `queue` through its dead letter exchange; without that exchange, without a queue behind it
 * or when it would go round in a circle it is dropped, as RabbitMQ does.
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
  await Promise.all(targets.map(({ stored }) => stored.publish(message, options)));
}
