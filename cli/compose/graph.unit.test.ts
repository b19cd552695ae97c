import fc from "fast-check";
import { expect, it } from "vitest";
import { orderForStart, orderForStop, type ServiceGraph, selectServices } from "./graph.js";

function graph(edges: Readonly<Record<string, readonly string[]>>): ServiceGraph {
  const started = { condition: "service_started", required: true } as const;
  const services = Object.entries(edges).map(([name, dependencies]) => {
    return [name, { depends_on: Object.fromEntries(dependencies.map((other) => [other, started])) }] as const;
  });
  return Object.fromEntries(services);
}

it("starts every service after what it depends on, and stops it before", () => {
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
      expect(orderForStop(services)).toEqual([...order].reverse());
    }),
  );
});

it("names a circle from its first service back to it", () => {
  expect(() => orderForStart(graph({ web: ["a"], a: ["b"], b: ["c"], c: ["a"] }))).toThrow(
    "a -> b -> c -> a",
  );
});

it("takes named services with or without what they depend on", () => {
  const services = graph({ web: ["api"], api: ["db"], db: [], other: [] });
  expect([...selectServices(services, ["api"], { withDependencies: true })].sort()).toEqual(["api", "db"]);
  expect([...selectServices(services, ["api"], { withDependencies: false })]).toEqual(["api"]);
  expect(() => selectServices(services, ["ap"], { withDependencies: true })).toThrow(
    'no service "ap" in this project',
  );
});
