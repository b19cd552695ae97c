import { describe, expect, it } from "vitest";
import { stack, withDefaults } from "../../../contracts/testing/stack-files.js";
import { compareTopology, type SeenTopology } from "./compare-topology.js";
import { type DeclaredTopology, typeOf } from "./declared-topology.js";

const definitions = JSON.parse(withDefaults(stack.configs["rabbitmq-definitions"]?.content ?? ""));
const declared: DeclaredTopology = { ...definitions, otherQueues: [] };

/** A RabbitMQ that has just what its definitions say, except for what is left out. */
function seen(without: (name: string) => boolean = () => false): SeenTopology {
  const queues = declared.queues.filter(({ name }) => !without(name));
  return {
    exchanges: declared.exchanges.filter(({ name }) => !without(name)),
    queues: queues.map((queue) => ({ name: queue.name, type: typeOf(queue) ?? "classic" })),
    bindings: declared.bindings.filter(
      ({ source, destination }) => !without(source) && !without(destination),
    ),
    policies: declared.policies.filter(({ name }) => !without(name)),
  };
}

const nothing = { exchanges: [], queues: [], otherQueues: [], bindings: [], policies: [], otherTypes: [] };

describe("a topology", () => {
  it("is as declared, whatever is there beside it", () => {
    expect(compareTopology(declared, seen())).toEqual(nothing);
    const more = { ...seen(), queues: [...seen().queues, { name: "mine", type: "classic" }] };
    expect(compareTopology(declared, more)).toEqual(nothing);
  });

  it("names each part that is missing, and not the bindings that went with it", () => {
    for (const part of ["exchanges", "queues", "policies"] as const) {
      for (const { name } of declared[part]) {
        const found = compareTopology(
          declared,
          seen((other) => other === name),
        );
        expect({ ...found, [part]: found[part].map((each) => each.name) }).toEqual({
          ...nothing,
          [part]: [name],
        });
      }
    }
  });

  it("names each binding that is missing", () => {
    declared.bindings.forEach((binding, index) => {
      const bindings = declared.bindings.filter((_, other) => other !== index);
      expect(compareTopology(declared, { ...seen(), bindings })).toEqual({ ...nothing, bindings: [binding] });
    });
  });

  it("tells a queue of another type, and a policy with another definition", () => {
    const whole = seen();
    const queues = whole.queues.map((queue, index) => (index === 0 ? { ...queue, type: "classic" } : queue));
    expect(compareTopology(declared, { ...whole, queues }).otherTypes).toEqual([
      { queue: "mq-broker-to-b3", wanted: "quorum", seen: "classic" },
    ]);
    const policies = declared.policies.map((policy) => ({ ...policy, definition: { "delivery-limit": 3 } }));
    expect(compareTopology(declared, { ...whole, policies }).policies).toEqual(declared.policies);
  });

  it("takes policies for well where nobody tells of them, and order within one for no difference", () => {
    const { policies: _, ...untold } = seen();
    expect(compareTopology(declared, untold)).toEqual(nothing);
    const turned = declared.policies.map((policy) => ({
      ...policy,
      definition: Object.fromEntries(Object.entries(policy.definition).reverse()),
    }));
    expect(compareTopology(declared, { ...seen(), policies: turned })).toEqual(nothing);
  });
});
