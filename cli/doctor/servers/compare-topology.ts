import type { BindingFacts, ExchangeFacts, QueueFacts } from "../../../kit/rabbitmq-management.js";
import type {
  DeclaredBinding,
  DeclaredExchange,
  DeclaredPolicy,
  DeclaredQueue,
  DeclaredTopology,
} from "./declared-topology.js";
import { typeOf } from "./declared-topology.js";

export interface SeenTopology {
  readonly exchanges: readonly Pick<ExchangeFacts, "name" | "type">[];
  readonly queues: readonly Pick<QueueFacts, "name" | "type">[];
  readonly bindings: readonly Pick<
    BindingFacts,
    "source" | "destination" | "destination_type" | "routing_key"
  >[];
  /** undefined where nobody tells. */
  readonly policies?: readonly DeclaredPolicy[];
}

export interface TopologyDifferences {
  readonly exchanges: readonly DeclaredExchange[];
  readonly queues: readonly DeclaredQueue[];
  /** Of x-mybroker alone: nobody knows of what type. */
  readonly otherQueues: readonly string[];
  /** Those whose two ends are there; the others come back with their ends. */
  readonly bindings: readonly DeclaredBinding[];
  /** Missing, or with another definition. */
  readonly policies: readonly DeclaredPolicy[];
  readonly otherTypes: readonly { readonly queue: string; readonly wanted: string; readonly seen: string }[];
}

/** What is declared and is not there, or not so; what is there beside it is nobody's mistake. */
export function compareTopology(declared: DeclaredTopology, seen: SeenTopology): TopologyDifferences {
  const queueTypes = new Map(seen.queues.map(({ name, type }) => [name, type]));
  const exchanges = new Set(["", ...seen.exchanges.map(({ name }) => name)]);
  const bound = new Set(seen.bindings.map(keyOf));
  const hasEnds = ({ source, destination, destination_type }: DeclaredBinding) =>
    exchanges.has(source) &&
    (destination_type === "queue" ? queueTypes.has(destination) : exchanges.has(destination));
  return {
    exchanges: declared.exchanges.filter(({ name }) => !exchanges.has(name)),
    queues: declared.queues.filter(({ name }) => !queueTypes.has(name)),
    otherQueues: declared.otherQueues.filter((name) => !queueTypes.has(name)),
    bindings: declared.bindings.filter((binding) => hasEnds(binding) && !bound.has(keyOf(binding))),
    policies:
      seen.policies === undefined
        ? []
        : declared.policies.filter((policy) => !seen.policies?.some((other) => sameText(policy, other))),
    otherTypes: declared.queues.flatMap((queue) => {
      const wanted = typeOf(queue);
      const found = queueTypes.get(queue.name);
      return wanted === undefined || found === undefined || wanted === found
        ? []
        : [{ queue: queue.name, wanted, seen: found }];
    }),
  };
}

function keyOf({
  source,
  destination,
  destination_type,
  routing_key,
}: Pick<DeclaredBinding, "source" | "destination" | "destination_type" | "routing_key">): string {
  return JSON.stringify([source, destination_type, destination, routing_key]);
}

function sameText(one: DeclaredPolicy, other: DeclaredPolicy): boolean {
  const text = ({ name, pattern, definition }: DeclaredPolicy) =>
    JSON.stringify([name, pattern, Object.entries(definition).sort(([a], [b]) => (a < b ? -1 : 1))]);
  return text(one) === text(other);
}
