import type { BindingFacts, ExchangeFacts, QueueFacts } from "../../kit/rabbitmq-management.js";

/** What a broker has, as its management API lists it. */
export interface BrokerFacts {
  readonly exchanges: readonly ExchangeFacts[];
  readonly queues: readonly QueueFacts[];
  readonly bindings: readonly BindingFacts[];
}

export interface TapTarget {
  readonly what: "exchange" | "queue";
  readonly name: string;
}

/** A binding of our own. */
export interface TapRoute {
  readonly exchange: string;
  readonly key: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Names of our queues begin with it, so that one `tail` does not take another for a listener. */
export const privateQueuePrefix = "mybroker.tail.";

/** One binding that sees all that is published; a direct exchange has none. */
const everything: Readonly<Record<string, Omit<TapRoute, "exchange"> | undefined>> = {
  topic: { key: "#", arguments: {} },
  fanout: { key: "", arguments: {} },
  headers: { key: "", arguments: { "x-match": "all" } },
};

/** By the type that it routes as; undefined where one more listener takes messages away from the others. */
function routesAs({ type, arguments: given }: ExchangeFacts): string | undefined {
  const name = type === "x-delayed-message" ? given["x-delayed-type"] : type;
  return name === "direct" || (typeof name === "string" && Object.hasOwn(everything, name))
    ? name
    : undefined;
}

/** Whether listening there has no effect on others. */
export function isTappable(exchange: ExchangeFacts): boolean {
  return routesAs(exchange) !== undefined;
}

/**
 * The bindings that show what passes the target now. An exchange that hands on what it routes nowhere, or that goes
 * with its last binding, is only bound as it is bound already: anything else would change what becomes of its messages.
 */
export function findRoutes(facts: BrokerFacts, target: TapTarget): TapRoute[] {
  const others = facts.bindings.filter(({ destination }) => !destination.startsWith(privateQueuePrefix));
  return target.what === "queue"
    ? routesTo(facts, others, target.name)
    : routesFrom(facts, others, target.name);
}

function routesFrom({ exchanges }: BrokerFacts, others: readonly BindingFacts[], name: string): TapRoute[] {
  const exchange = exchanges.find((candidate) => candidate.name === name);
  const type = exchange && routesAs(exchange);
  if (exchange === undefined || type === undefined) return [];
  const existing = others.filter(({ source }) => source === name);
  const handsOn = exchange.arguments["alternate-exchange"] !== undefined || Boolean(exchange.policy);
  const all = handsOn || (exchange.auto_delete && existing.length === 0) ? undefined : everything[type];
  return all === undefined ? copyRoutes(existing) : [{ exchange: name, ...all }];
}

function routesTo({ exchanges }: BrokerFacts, others: readonly BindingFacts[], name: string): TapRoute[] {
  const tappable = new Set(exchanges.filter(isTappable).map((exchange) => exchange.name));
  return copyRoutes(
    others.filter(
      ({ source, destination, destination_type }) =>
        destination === name && destination_type === "queue" && source !== "" && tappable.has(source),
    ),
  );
}

function copyRoutes(bindings: readonly BindingFacts[]): TapRoute[] {
  const routes = bindings.map(({ source, routing_key, arguments: given }) => ({
    exchange: source,
    key: routing_key,
    arguments: given,
  }));
  return [...new Map(routes.map((route) => [routeId(route), route])).values()];
}

/** Two with the same one are one. */
export function routeId({ exchange, key, arguments: given }: TapRoute): string {
  return JSON.stringify([exchange, key, Object.entries(given).sort()]);
}

/** What to bind and to unbind, so that the private queue has the wanted routes and no other. */
export function compareRoutes(
  { bindings }: BrokerFacts,
  { queue, wanted }: { readonly queue: string; readonly wanted: readonly TapRoute[] },
): { readonly add: TapRoute[]; readonly remove: TapRoute[] } {
  const present = copyRoutes(
    bindings.filter(({ source, destination }) => destination === queue && source !== ""),
  );
  const wantedIds = new Set(wanted.map(routeId));
  const presentIds = new Set(present.map(routeId));
  return {
    add: wanted.filter((route) => !presentIds.has(routeId(route))),
    remove: present.filter((route) => !wantedIds.has(routeId(route))),
  };
}
