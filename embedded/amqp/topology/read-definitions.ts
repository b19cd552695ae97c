import type { QueueKind } from "../queues/queue.js";
import { type Table, tableOf } from "../wire/table.js";
import type { ExchangeSpec } from "./exchange-spec.js";
import type { Policy } from "./policies.js";
import type { QueueSpec } from "./queue-spec.js";

/** What holds for whatever is declared. */
export interface Rules {
  readonly policies: readonly Policy[];
  /** Of a durable queue that is declared without x-queue-type. */
  readonly defaultQueueKind: QueueKind;
}

interface DefinedBinding {
  readonly source: string;
  readonly destination: string;
  readonly destinationType: string;
  readonly routingKey: string;
  readonly arguments: Table;
}

/** RabbitMQ's definitions of the virtual host "/" (RabbitMQ docs, "Schema Definition Export and Import"). */
export interface Definitions {
  readonly rules: Rules;
  readonly exchanges: readonly ExchangeSpec[];
  readonly queues: readonly QueueSpec[];
  readonly bindings: readonly DefinedBinding[];
}

type Entry = Readonly<Record<string, unknown>>;

function entries(definitions: Entry, name: string): readonly Entry[] {
  const list = definitions[name] ?? [];
  if (!Array.isArray(list)) throw new TypeError(`RabbitMQ's definitions: ${name} is not a list`);
  return (list as Entry[]).filter(({ vhost }) => vhost === undefined || vhost === "/");
}

function object(value: unknown): Entry {
  return typeof value === "object" && value !== null ? (value as Entry) : {};
}

/** @throws TypeError for what is not a list, SyntaxError for a pattern that is no regular expression */
export function readDefinitions(definitions: Entry): Definitions {
  const [virtualHost] = entries(definitions, "vhosts").filter(({ name }) => name === "/");
  const kind = object(virtualHost?.metadata).default_queue_type ?? virtualHost?.default_queue_type;
  return {
    rules: {
      defaultQueueKind: kind === "quorum" || kind === "stream" ? kind : "classic",
      policies: entries(definitions, "policies").map((entry) => ({
        name: String(entry.name),
        pattern: new RegExp(String(entry.pattern)),
        applyTo: String(entry["apply-to"] ?? "all"),
        priority: Number(entry.priority ?? 0),
        definition: object(entry.definition),
      })),
    },
    exchanges: entries(definitions, "exchanges").map((entry) => ({
      name: String(entry.name),
      type: String(entry.type),
      durable: entry.durable === true,
      autoDelete: entry.auto_delete === true,
      internal: entry.internal === true,
      arguments: tableOf(object(entry.arguments)),
    })),
    queues: entries(definitions, "queues").map((entry) => ({
      name: String(entry.name),
      durable: entry.durable === true,
      exclusive: false,
      autoDelete: entry.auto_delete === true,
      arguments: tableOf(object(entry.arguments)),
    })),
    bindings: entries(definitions, "bindings").map((entry) => ({
      source: String(entry.source),
      destination: String(entry.destination),
      destinationType: String(entry.destination_type),
      routingKey: String(entry.routing_key ?? ""),
      arguments: tableOf(object(entry.arguments)),
    })),
  };
}
