import { dependencyGraph } from "./label-dependencies.js";
import type { Observed, ObservedContainer } from "./observed.js";
import { type ExistingContainerStep, orderSteps, type Plan, stepId } from "./plan.js";

export interface StopOptions {
  /** Empty or absent: all. */
  readonly services?: readonly string[];
  readonly timeoutSeconds?: number;
}

/** Stops what runs, dependents before what they depend on. */
export function planStop(observed: Observed, options: StopOptions = {}): Plan {
  const chosen = observed.containers.filter(
    (container) =>
      !container.oneOff && (!options.services?.length || options.services.includes(container.service)),
  );
  return {
    project: observed.project,
    steps: orderSteps(
      stopSteps(chosen, {
        cause: "stop",
        ...(options.timeoutSeconds === undefined ? {} : { timeoutSeconds: options.timeoutSeconds }),
      }),
    ),
    services: [...dependencyGraph(chosen).keys()],
    warnings: [],
  };
}

/** One step a running container; it waits for the containers that were made to depend on it. */
export function stopSteps(
  containers: readonly ObservedContainer[],
  facts: { cause: string; timeoutSeconds?: number },
): ExistingContainerStep[] {
  const running = containers.filter(
    ({ details }) => details.State.Running || details.State.Status === "restarting",
  );
  const graph = dependencyGraph(running);
  return running.map((container) => {
    const dependents = running.filter((other) => graph.get(other.service)?.has(container.service));
    return {
      id: stepId("stop-container", container.name),
      action: "stop-container",
      name: container.name,
      service: container.service,
      containerId: container.id,
      changes: [],
      dependsOn: dependents.map((dependent) => stepId("stop-container", dependent.name)),
      ...facts,
    };
  });
}
