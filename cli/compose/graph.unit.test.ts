import fc from "fast-check";
import { expect, it } from "vitest";
import { orderForStart, type ServiceGraph } from "./graph.js";

function graph(edges: Readonly<Record<string, readonly string[]>>): ServiceGraph {
  const started = { condition: "service_started", required: true } as const;
  const services = Object.entries(edges).map(([name, dependencies]) => {
    return [name, { depends_on: Object.fromEntries(dependencies.map((other) => [other, started])) }] as const;
  });
  return Object.fromEntries(services);
}

it("starts every service after what it depends on", () => {
  const acyclic = fc
    .array(fc.array(fc.nat(100), { maxLength: 4 }), { maxLength: 30 })
    .map((rows) =>
      graph(
        Object.fromEntries(
          rows.map((row, index) => [`s${index}`, row.filter((to) => to < index).map((to) => `s${to}`)]),
        ),
      ),
    );
  fc.assert(
    fc.property(acyclic, (services) => {
      const order = orderForStart(services);
      expect([...order].sort()).toEqual(Object.keys(services).sort());
      for (const [name, { depends_on }] of Object.entries(services)) {
        for (const dependency of Object.keys(depends_on ?? {})) {
          expect(order.indexOf(dependency)).toBeLessThan(order.indexOf(name));
        }
      }
    }),
  );
});

it("names a circle from its first service back to it", () => {
  expect(() => orderForStart(graph({ web: ["a"], a: ["b"], b: ["c"], c: ["a"] }))).toThrow(
    "a -> b -> c -> a",
  );
});
