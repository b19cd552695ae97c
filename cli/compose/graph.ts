import { composeError } from "./compose-error.js";
import type { Service } from "./model.js";
import type { Place } from "./source-tree.js";

/** Finds where a key path, or the nearest one above it, stands in the files. */
export type FindPlace = (path: string) => Place | undefined;

/** The part of a service that its place in the order depends on. */
export type ServiceGraph = Readonly<Record<string, Pick<Service, "depends_on">>>;

/**
 * Names with every service after those that it depends on; what is independent stands in alphabetical order, and
 * dependencies that are switched off and not required do not count.
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
    const dependencies = Object.keys(services[name]?.depends_on ?? {}).filter((other) =>
      Object.hasOwn(services, other),
    );
    for (const dependency of dependencies.sort()) visit(dependency);
    trail.pop();
    finished.add(name);
    order.push(name);
  };
  for (const name of Object.keys(services).sort()) visit(name);
  return order;
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

/** A job that others wait for until it has ended well; once it has, it is not started again. */
export function isAwaitedJob(services: ServiceGraph, name: string): boolean {
  return Object.values(services).some(
    (service) => service.depends_on?.[name]?.condition === "service_completed_successfully",
  );
}
