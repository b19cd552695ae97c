import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BindingFacts, ExchangeFacts } from "../../kit/rabbitmq-management.js";
import {
  type BrokerFacts,
  compareRoutes,
  findRoutes,
  isTappable,
  privateQueuePrefix,
  routeId,
  type TapTarget,
} from "./rabbit-routes.js";

const ownQueue = `${privateQueuePrefix}own`;
const types = ["direct", "topic", "fanout", "headers", "x-consistent-hash", "x-delayed-message"];
const names = ["one", "two", "three"];

function exchange(name: string, facts: Partial<ExchangeFacts> = {}): ExchangeFacts {
  return {
    name,
    type: "direct",
    durable: true,
    auto_delete: false,
    internal: false,
    arguments: {},
    ...facts,
  };
}

function binding(source: string, key: string, facts: Partial<BindingFacts> = {}): BindingFacts {
  return {
    source,
    destination: "somebody",
    destination_type: "queue",
    routing_key: key,
    arguments: {},
    ...facts,
  };
}

function factsOf(exchanges: readonly ExchangeFacts[], bindings: readonly BindingFacts[] = []): BrokerFacts {
  return { exchanges, bindings, queues: [] };
}

const anyFacts = fc.record({
  exchanges: fc.tuple(
    ...names.map((name) =>
      fc
        .record({
          type: fc.constantFrom(...types),
          auto_delete: fc.boolean(),
          arguments: fc.constantFrom({}, { "alternate-exchange": "two" }, { "x-delayed-type": "topic" }),
        })
        .map((facts) => exchange(name, facts)),
    ),
  ),
  bindings: fc.array(
    fc
      .tuple(
        fc.constantFrom("", ...names),
        fc.constantFrom("a", "b", "a.*"),
        fc.record({
          destination: fc.constantFrom("somebody", "one", ownQueue, `${privateQueuePrefix}another`),
          arguments: fc.constantFrom({}, { a: 1, b: 2 }, { b: 2, a: 1 }),
        }),
      )
      .map(([source, key, facts]) => binding(source, key, facts)),
    { maxLength: 12 },
  ),
  queues: fc.constant([]),
});
const anyTarget: fc.Arbitrary<TapTarget> = fc.record({
  what: fc.constantFrom("exchange", "queue"),
  name: fc.constantFrom("somebody", ...names),
});

describe("the routes of a tap", () => {
  const at = { what: "exchange", name: "it" } as const;

  it("of a direct exchange are the keys that others have, each once", () => {
    const bindings = [
      binding("it", "a"),
      binding("it", "a", { destination: "other" }),
      binding("it", "b", { destination_type: "exchange" }),
      binding("it", "c", { destination: `${privateQueuePrefix}another` }),
      binding("elsewhere", "d"),
    ];
    expect(findRoutes(factsOf([exchange("it")], bindings), at).map(({ key }) => key)).toEqual(["a", "b"]);
  });

  it.each([
    { type: "topic", route: { key: "#", arguments: {} } },
    { type: "fanout", route: { key: "", arguments: {} } },
    { type: "headers", route: { key: "", arguments: { "x-match": "all" } } },
  ])("of $type see everything", ({ type, route }) => {
    expect(findRoutes(factsOf([exchange("it", { type })]), at)).toEqual([{ exchange: "it", ...route }]);
  });

  it.each([
    { why: "it hands on what it routes nowhere", facts: { arguments: { "alternate-exchange": "rest" } } },
    { why: "a policy may do so", facts: { policy: "alternate" } },
  ])("are those of the others where $why", ({ facts }) => {
    const exchanges = [exchange("it", { type: "topic", ...facts })];
    expect(findRoutes(factsOf(exchanges), at)).toEqual([]);
    expect(findRoutes(factsOf(exchanges, [binding("it", "a.*")]), at)).toMatchObject([{ key: "a.*" }]);
  });

  it("are none of an exchange that would go with our binding", () => {
    const exchanges = [exchange("it", { type: "fanout", auto_delete: true })];
    expect(findRoutes(factsOf(exchanges), at)).toEqual([]);
    expect(findRoutes(factsOf(exchanges, [binding("it", "")]), at)).toHaveLength(1);
  });

  it("never take part where a listener takes from the others, nor at the default exchange", () => {
    fc.assert(
      fc.property(anyFacts, anyTarget, (facts, target) => {
        const tappable = facts.exchanges.filter(isTappable).map(({ name }) => name);
        for (const route of findRoutes(facts, target)) expect(tappable).toContain(route.exchange);
      }),
    );
  });

  it("are the same whoever else listens through a tail", () => {
    fc.assert(
      fc.property(anyFacts, anyTarget, (facts, target) => {
        const bindings = facts.bindings.filter(
          ({ destination }) => !destination.startsWith(privateQueuePrefix),
        );
        expect(findRoutes(facts, target)).toEqual(findRoutes({ ...facts, bindings }, target));
      }),
    );
  });

  it("are what the private queue has once the differences are made", () => {
    fc.assert(
      fc.property(anyFacts, anyTarget, (facts, target) => {
        const wanted = findRoutes(facts, target);
        const { add, remove } = compareRoutes(facts, { queue: ownQueue, wanted });
        const gone = new Set(remove.map(routeId));
        const kept = facts.bindings
          .filter(({ source, destination }) => destination === ownQueue && source !== "")
          .map((one) => routeId({ exchange: one.source, key: one.routing_key, arguments: one.arguments }))
          .filter((id) => !gone.has(id));
        expect([...new Set([...kept, ...add.map(routeId)])].sort()).toEqual(wanted.map(routeId).sort());
      }),
    );
  });
});
