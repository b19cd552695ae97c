import { dependencyGraph, readDependencies, withDependencies } from "./label-dependencies.js";
import type { Observed, ObservedContainer } from "./observed.js";
import {
  type ExistingContainerStep,
  orderSteps,
  type Plan,
  type StartContainerStep,
  stepId,
} from "./plan.js";

export interface StartOptions {
  /** Empty or absent: all. */
  readonly services?: readonly string[];
}

/** Starts existing containers as they are, with those that they depend on first, each once its conditions hold. */
export function planStartAgain(observed: Observed, options: StartOptions = {}): Plan {
  const own = observed.containers.filter((container) => !container.oneOff);
  const graph = dependencyGraph(own);
  const wanted = options.services?.length ? withDependencies(options.services, graph) : undefined;
  const chosen = own.filter((container) => wanted === undefined || wanted.has(container.service));
  const jobs = new Set(
    own.flatMap((container) =>
      readDependencies(container)
        .filter(({ condition }) => condition === "service_completed_successfully")
        .map(({ service }) => service),
    ),
  );
  const starting = chosen.filter((container) => !runs(container) && !isDoneJob(container, jobs));
  const steps = starting.map((container): StartContainerStep => {
    const dependencies = readDependencies(container).filter(({ service }) => graph.has(service));
    const before = starting.filter((other) => dependencies.some(({ service }) => service === other.service));
    return {
      id: stepId("start-container", container.name),
      action: "start-container",
      name: container.name,
      service: container.service,
      containerId: container.id,
      cause: "start",
      changes: [],
      files: [],
      waitFor: dependencies.map(({ service, condition }) => ({ service, condition, required: true })),
      dependsOn: before.map((other) => stepId("start-container", other.name)),
    };
  });
  return { project: observed.project, steps: orderSteps(steps), services: [...graph.keys()], warnings: [] };
}

export interface RestartOptions extends StartOptions {
  readonly timeoutSeconds?: number;
}

/** Restarts containers as they are, dependencies first; dependents with `restart: true` come along. */
export function planRestart(observed: Observed, options: RestartOptions = {}): Plan {
  const own = observed.containers.filter((container) => !container.oneOff);
  const named = options.services?.length ? new Set(options.services) : undefined;
  const chosen = own.filter(
    (container) =>
      named === undefined ||
      named.has(container.service) ||
      readDependencies(container).some(({ service, restart }) => restart && named.has(service)),
  );
  const graph = dependencyGraph(chosen);
  const steps = chosen.map((container): ExistingContainerStep => {
    const before = chosen.filter((other) => graph.get(container.service)?.has(other.service));
    return {
      id: stepId("restart-container", container.name),
      action: "restart-container",
      name: container.name,
      service: container.service,
      containerId: container.id,
      cause: "restart",
      changes: [],
      dependsOn: before.map((other) => stepId("restart-container", other.name)),
      ...(options.timeoutSeconds === undefined ? {} : { timeoutSeconds: options.timeoutSeconds }),
    };
  });
  return { project: observed.project, steps: orderSteps(steps), services: [...graph.keys()], warnings: [] };
}

function runs({ details }: ObservedContainer): boolean {
  return details.State.Running || details.State.Status === "restarting";
}

/** A job that others wait for and that has ended well is not run a second time. */
function isDoneJob({ service, details }: ObservedContainer, jobs: ReadonlySet<string>): boolean {
  return jobs.has(service) && details.State.Status === "exited" && details.State.ExitCode === 0;
}
