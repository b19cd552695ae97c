import { findClosestName } from "./closest-name.js";
import { composeError } from "./compose-error.js";
import type { Service } from "./model.js";
import type { Place } from "./source-tree.js";

/** Finds where a key path, or the nearest one above it, stands in the files. */
export type FindPlace = (path: string) => Place | undefined;

/** The part of a service that its place in the order depends on. */
export type GraphService = Pick<Service, "depends_on">;
export type ServiceGraph = Readonly<Record<string, GraphService>>;

/** Names of the services that one waits for; those that are switched off and not required are left out. */
export function listDependencies(services: ServiceGraph, name: string): string[] {
  return Object.keys(services[name]?.depends_on ?? {})
    .filter((dependency) => services[dependency] !== undefined)
    .sort();
}

/** Names of the services that wait for one. */
export function listDependents(services: ServiceGraph, name: string): string[] {
  return Object.keys(services)
    .filter((other) => services[other]?.depends_on?.[name] !== undefined)
    .sort();
}

/**
 * Names with every service after those that it depends on; what is independent stands in alphabetical order.
 * Throws compose.dependency-cycle, which names the circle.
 */
export function orderForStart(services: ServiceGraph, findPlace?: FindPlace): string[] {
  const order: string[] = [];
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (name: string): void => {
    if (finished.has(name)) return;
    const start = trail.indexOf(name);
    if (start >= 0) throw cycleError([...trail.slice(start), name], findPlace);
    trail.push(name);
    for (const dependency of listDependencies(services, name)) visit(dependency);
    trail.pop();
    finished.add(name);
    order.push(name);
  };
  for (const name of Object.keys(services).sort()) visit(name);
  return order;
}

/** Every service before those that it depends on. */
export function orderForStop(services: ServiceGraph): string[] {
  return orderForStart(services).reverse();
}

function cycleError(circle: readonly string[], findPlace?: FindPlace) {
  const path = `services.${circle[0]}.depends_on.${circle[1]}`;
  return composeError({
    code: "dependency-cycle",
    message: `services depend on each other in a circle: ${circle.join(" -> ")}`,
    place: findPlace?.(path),
    path,
    hint: "Take one of these out of depends_on",
    details: { circle },
  });
}

/** The named services and, unless told otherwise, all that they depend on. Throws compose.unknown-service. */
export function selectServices(
  services: ServiceGraph,
  names: readonly string[],
  options: { readonly withDependencies: boolean },
): Set<string> {
  const selected = new Set<string>();
  const waiting = names.map((name) => requireService(services, name));
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (selected.has(name)) continue;
    selected.add(name);
    if (options.withDependencies) waiting.push(...listDependencies(services, name));
  }
  return selected;
}

/** The name itself when there is such a service. Throws compose.unknown-service with what was probably meant. */
export function requireService(services: Readonly<Record<string, unknown>>, name: string): string {
  if (Object.hasOwn(services, name)) return name;
  const known = Object.keys(services).sort();
  const near = findClosestName(name, known);
  throw composeError({
    code: "unknown-service",
    message: `no service "${name}" in this project`,
    hint: near === undefined ? `There are: ${known.join(", ") || "none"}` : `Did you mean ${near}?`,
    details: { service: name, services: known, ...(near === undefined ? {} : { didYouMean: near }) },
  });
}
