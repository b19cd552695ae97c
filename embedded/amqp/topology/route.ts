import type { Table } from "../wire/table.js";
import type { BrokerQueue, Exchange } from "./binding.js";

/** What routing looks at. */
export interface Routed {
  /** The routing key, then those of the headers CC and BCC. */
  readonly routingKeys: readonly string[];
  readonly headers: Table;
}

interface Names {
  readonly exchanges: ReadonlyMap<string, Exchange>;
  readonly queues: ReadonlyMap<string, BrokerQueue>;
}

/**
 * The queues that a message goes to, each once, through exchanges bound to exchanges; an exchange is visited once,
 * which ends cycles. One that routes nowhere hands the message to its alternate exchange (RabbitMQ docs, "Alternate
 * Exchanges").
 */
export function route(names: Names, first: Exchange, message: Routed): Set<BrokerQueue> {
  const queues = new Set<BrokerQueue>();
  const visited = new Set<Exchange>([first]);
  for (const exchange of visited) {
    let matched = false;
    for (const destination of destinations(names, exchange, message)) {
      matched = true;
      if (destination.is === "queue") queues.add(destination);
      else visited.add(destination);
    }
    if (matched || exchange.alternate === undefined) continue;
    const alternate = names.exchanges.get(exchange.alternate);
    if (alternate !== undefined) visited.add(alternate);
  }
  return queues;
}

function* destinations(
  { queues }: Names,
  exchange: Exchange,
  { routingKeys, headers }: Routed,
): Iterable<Exchange | BrokerQueue> {
  for (const key of routingKeys) {
    if (exchange.name === "") {
      // The default exchange: every queue is bound to it by its name.
      const queue = queues.get(key);
      if (queue !== undefined) yield queue;
    } else {
      for (const binding of exchange.index.match(key, headers)) yield binding.destination;
    }
  }
}
