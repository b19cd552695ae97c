import { describe, expect, it } from "vitest";
import { stack, withDefaults } from "./testing/stack-files.js";
import * as topology from "./topology.js";

interface Definitions {
  readonly users: readonly { readonly tags: readonly string[] }[];
  readonly vhosts: readonly { readonly name: string; readonly metadata: Record<string, string> }[];
  readonly exchanges: readonly { readonly name: string; readonly type: string; readonly durable: boolean }[];
  readonly queues: readonly {
    readonly name: string;
    readonly durable: boolean;
    readonly arguments: Record<string, unknown>;
  }[];
  readonly bindings: readonly {
    readonly source: string;
    readonly destination: string;
    readonly routing_key: string;
  }[];
  readonly policies: readonly { readonly pattern: string; readonly definition: Record<string, unknown> }[];
}

const content = withDefaults(stack.configs["rabbitmq-definitions"]?.content ?? "");
const definitions = JSON.parse(content.replaceAll(/\$\{[^}]*\}/g, "secret")) as Definitions;
const routes = [topology.toExchange, topology.toBroker];

function policyOf(queue: string): Record<string, unknown> {
  const matching = definitions.policies.filter(({ pattern }) => new RegExp(pattern).test(queue));
  expect(matching).toHaveLength(1);
  return matching[0]?.definition ?? {};
}

function bindingsOf(source: string): string[] {
  return definitions.bindings
    .filter((binding) => binding.source === source)
    .map(({ destination, routing_key }) => `${routing_key} -> ${destination}`)
    .sort();
}

describe("RabbitMQ's definitions", () => {
  it("declare both exchanges, direct and durable", () => {
    expect(definitions.exchanges.map(({ name }) => name)).toEqual([
      topology.ordersExchange,
      topology.deadLetterExchange,
    ]);
    expect(definitions.exchanges.every(({ type, durable }) => type === "direct" && durable)).toBe(true);
  });

  it("make quorum queues the default, so that a plain durable declaration matches", () => {
    expect(definitions.vhosts).toEqual([{ name: "/", metadata: { default_queue_type: "quorum" } }]);
    for (const { queue, deadLetterQueue } of routes) {
      for (const name of [queue, deadLetterQueue]) {
        expect(definitions.queues.find((candidate) => candidate.name === name)).toMatchObject({
          durable: true,
          arguments: { "x-queue-type": "quorum" },
        });
      }
    }
  });

  it("dead-letter by policy, and never drop a dead letter", () => {
    for (const { queue, deadLetterQueue } of routes) {
      expect(policyOf(queue)).toEqual({
        "dead-letter-exchange": topology.deadLetterExchange,
        "delivery-limit": topology.deliveryLimit,
      });
      expect(policyOf(deadLetterQueue)).toEqual({ "delivery-limit": -1 });
    }
  });

  it("bind each route, its dead letters and the audit stream", () => {
    const audit = routes.map(({ routingKey }) => `${routingKey} -> ${topology.auditStream}`);
    const plain = routes.map(({ routingKey, queue }) => `${routingKey} -> ${queue}`);
    const dead = routes.map(({ routingKey, deadLetterQueue }) => `${routingKey} -> ${deadLetterQueue}`);
    expect(bindingsOf(topology.ordersExchange)).toEqual([...audit, ...plain].sort());
    expect(bindingsOf(topology.deadLetterExchange)).toEqual([...audit, ...dead].sort());
  });

  it("keep the audit stream for 7 days and 200 MB, in segments small enough for either to matter", () => {
    const stream = definitions.queues.find(({ name }) => name === topology.auditStream);
    expect(stream?.arguments).toMatchObject({
      "x-queue-type": "stream",
      "x-max-age": "7D",
      "x-max-length-bytes": 200_000_000,
    });
    expect(stream?.arguments["x-stream-max-segment-size-bytes"]).toBeLessThanOrEqual(20_000_000);
  });

  it("have a user, for without one RabbitMQ has none at all", () => {
    expect(definitions.users.map(({ tags }) => tags)).toEqual([["administrator"]]);
  });
});

describe("x-mybroker", () => {
  it("names the topics, queues and streams that there are", () => {
    expect(stack.services.kafka?.["x-mybroker"].topics).toEqual(topology.topics.map(({ name }) => name));
    const { queues, streams } = stack.services.rabbitmq?.["x-mybroker"] ?? {};
    const dead = routes.map(({ deadLetterQueue }) => deadLetterQueue);
    expect(queues).toEqual([...routes.map(({ queue }) => queue), ...dead]);
    expect(streams).toEqual([topology.auditStream]);
  });
});

describe("topics", () => {
  it("have three partitions and a dead-letter topic of their own", () => {
    expect(topology.topics.map(({ partitions }) => partitions)).toEqual([3, 3, 3]);
    expect(topology.deadLetterTopic("order-events-v1")).toBe("order-events-v1.dlt");
  });
});
