import type { ManagementAnswer, ManagementQuestion } from "../../../contracts/embedded-control.js";
import type { Binding, BrokerQueue, Exchange } from "../topology/binding.js";
import type { Topology } from "../topology/topology.js";
import { plainTable } from "../wire/table.js";

const vhost = "/";

const lists: Readonly<Record<string, (topology: Topology) => unknown>> = {
  exchanges: ({ exchanges }) => [...exchanges.values()].map(describeExchange),
  queues: ({ queues }) => [...queues.values()].map(describeQueue),
  bindings: ({ exchanges, queues }) => [
    ...[...queues.values()].map(describeDefaultBinding),
    ...[...exchanges.values()].flatMap(({ bindings }) => [...bindings.values()].map(describeBinding)),
  ],
  vhosts: describeVhost,
};

/** The few questions of RabbitMQ's management API that our own tools ask, answered with its names. */
export function answerManagement(
  topology: Topology,
  { method, path, body }: ManagementQuestion,
): ManagementAnswer {
  const [, what = "", name = ""] = /^\/api\/([a-z]+)\/([^/?]+)(?:\?.*)?$/.exec(path) ?? [];
  const list = Object.hasOwn(lists, what) && name === encodeURIComponent(vhost) ? lists[what] : undefined;
  if (list === undefined) return { status: 404, body: { error: "Object Not Found", reason: "Not Found" } };
  if (method === "GET") return { status: 200, body: list(topology) };
  if (method !== "PUT" || what !== "vhosts") return { status: 405, body: { error: "Method Not Allowed" } };
  topology.tracing = (body as { tracing?: unknown } | undefined)?.tracing === true;
  return { status: 204, body: undefined };
}

function describeVhost({ tracing }: Topology): unknown {
  return { name: vhost, description: "", tags: [], tracing };
}

function describeExchange({
  name,
  type,
  durable,
  autoDelete,
  internal,
  arguments: table,
}: Exchange): unknown {
  const facts = { name, vhost, type, durable, auto_delete: autoDelete, internal };
  return { ...facts, arguments: plainTable(table) };
}

function describeQueue({
  name,
  kind,
  durable,
  autoDelete,
  owner,
  arguments: table,
  stored,
}: BrokerQueue): unknown {
  const { readyCount, unackedCount, consumerCount } = stored;
  return {
    ...{ name, vhost, type: kind, durable, auto_delete: autoDelete, exclusive: owner !== undefined },
    ...{ messages: readyCount + unackedCount, messages_ready: readyCount },
    ...{ messages_unacknowledged: unackedCount, consumers: consumerCount },
    arguments: plainTable(table),
  };
}

function describeDefaultBinding({ name }: BrokerQueue): unknown {
  return {
    source: "",
    vhost,
    destination: name,
    destination_type: "queue",
    routing_key: name,
    arguments: {},
  };
}

function describeBinding({ source, destination, routingKey, arguments: table }: Binding): unknown {
  return {
    ...{ source: source.name, vhost, destination: destination.name, destination_type: destination.is },
    ...{ routing_key: routingKey, arguments: plainTable(table) },
  };
}
