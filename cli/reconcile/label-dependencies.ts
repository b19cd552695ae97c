import { composeLabels } from "../compose/label-names.js";
import type { Dependency } from "../compose/model.js";
import type { ObservedContainer } from "./observed.js";

export interface LabelDependency {
  readonly service: string;
  readonly condition: Dependency["condition"];
  readonly restart: boolean;
}

/** "db:service_healthy:false,job:service_completed_successfully:true": both tools write it, so no file is needed. */
export function readDependencies(container: ObservedContainer): LabelDependency[] {
  const entries = (container.labels[composeLabels.dependsOn] ?? "")
    .split(",")
    .filter((entry) => entry !== "");
  return entries.map((entry) => {
    const [service = "", condition = "service_started", restart] = entry.split(":");
    return { service, condition: condition as Dependency["condition"], restart: restart === "true" };
  });
}

/** Service -> the services that its containers were made to depend on. */
export function dependencyGraph(containers: readonly ObservedContainer[]): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const container of containers) {
    const known = graph.get(container.service) ?? new Set<string>();
    for (const { service } of readDependencies(container)) known.add(service);
    graph.set(container.service, known);
  }
  return graph;
}

/** The named services and all that they need. */
export function withDependencies(
  names: readonly string[],
  graph: ReadonlyMap<string, ReadonlySet<string>>,
): Set<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const dependency of graph.get(name) ?? []) visit(dependency);
  };
  for (const name of names) visit(name);
  return found;
}
