import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyTable, tableOf } from "../wire/table.js";
import type { Binding, Exchange } from "./binding.js";
import { createBindingIndex, matchesHeaders } from "./binding-index.js";
import { findPolicy, mergePolicy, type Policy } from "./policies.js";

const exchange = { name: "topic" } as Exchange;

function bindingOf(routingKey: string): Binding {
  return { source: exchange, destination: exchange, routingKey, arguments: emptyTable };
}

/** The rule as the specification says it, without a thought of speed. */
function matchesNaively(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === "#") {
    return [...words, ""].some((_, skipped) => matchesNaively(rest, words.slice(skipped)));
  }
  return words.length > 0 && (first === "*" || first === words[0]) && matchesNaively(rest, words.slice(1));
}

function words(key: string): readonly string[] {
  return key === "" ? [] : key.split(".");
}

const key = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 5 }).map((parts) => parts.join("."));
const pattern = fc
  .array(fc.constantFrom("a", "b", "c", "*", "#", ""), { maxLength: 6 })
  .map((parts) => parts.join("."));

describe("a topic exchange", () => {
  it("matches as the naive rule does, also after bindings were taken away", () => {
    const patterns = fc.uniqueArray(pattern, { maxLength: 12 });
    fc.assert(
      fc.property(patterns, fc.array(key, { maxLength: 5 }), fc.nat(12), (all, keys, kept) => {
        const index = createBindingIndex("topic");
        const bindings = all.map(bindingOf);
        for (const binding of bindings) index.add(binding);
        for (const binding of bindings.slice(kept)) index.remove(binding);
        for (const routingKey of keys) {
          const expected = all.slice(0, kept).filter((one) => matchesNaively(words(one), words(routingKey)));
          const actual = [...index.match(routingKey, emptyTable)].map((binding) => binding.routingKey);
          expect(actual.sort()).toEqual(expected.sort());
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("is not slowed down by a pattern of nothing but #", () => {
    const index = createBindingIndex("topic");
    index.add(bindingOf(Array.from({ length: 120 }, () => "#").join(".")));
    const longest = Array.from({ length: 127 }, () => "a").join(".");
    expect([...index.match(longest, emptyTable)]).toHaveLength(1);
  });
});

describe("a headers exchange", () => {
  it("counts numbers of any width as equal, and asks only for presence where there is no value", () => {
    const wanted = new Map([...tableOf({ price: 10 }), ["ticker", { type: "V", value: null } as const]]);
    const sent = new Map([
      ["price", { type: "B", value: 10 } as const],
      ["ticker", { type: "S", value: Buffer.from("PETR4") } as const],
    ]);
    expect(matchesHeaders(wanted, sent)).toBe(true);
    expect(matchesHeaders(wanted, tableOf({ price: 10 }))).toBe(false);
  });
});

describe("policies", () => {
  const policy = (name: string, changes: Partial<Policy> = {}): Policy => ({
    name,
    pattern: /^mq-/,
    applyTo: "queues",
    priority: 0,
    definition: {},
    ...changes,
  });

  it("the one of highest priority applies, to what it is for", () => {
    const policies = [
      policy("low"),
      policy("high", { priority: 5 }),
      policy("exchanges", { priority: 9, applyTo: "exchanges" }),
      policy("others", { priority: 9, pattern: /^other$/ }),
    ];
    const find = (name: string): string | undefined =>
      findPolicy(policies, { name, appliesTo: ["queues", "quorum_queues"] })?.name;
    expect(find("mq-orders")).toBe("high");
    expect(find("audit")).toBeUndefined();
  });

  it("of two limits the smaller one holds, otherwise the declaration", () => {
    const definition = {
      "max-length": 10,
      "delivery-limit": -1,
      "dead-letter-exchange": "dlx",
      overflow: "drop-head",
    };
    expect(
      mergePolicy(
        { "x-max-length": 20, "x-delivery-limit": 5, "x-dead-letter-exchange": "own" },
        policy("limits", { definition }),
      ),
    ).toEqual({
      "x-max-length": 10,
      "x-delivery-limit": 5,
      "x-dead-letter-exchange": "own",
      "x-overflow": "drop-head",
    });
  });
});
