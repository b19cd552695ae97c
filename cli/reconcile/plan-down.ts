import type { Project } from "../compose/model.js";
import { joinWords } from "./describe-cause.js";
import { dependencyGraph } from "./label-dependencies.js";
import type { Observed, ObservedContainer } from "./observed.js";
import { orderSteps, type Plan, type Step, stepId } from "./plan.js";
import { stopSteps } from "./plan-stop.js";

export interface DownOptions {
  /** Named and anonymous volumes too: the data. */
  readonly volumes?: boolean;
  /** References or ids of images to remove. */
  readonly images?: readonly string[];
  readonly removeOrphans?: boolean;
  readonly timeoutSeconds?: number;
  /** Absent where no file could be read: then everything with the project's label goes. */
  readonly project?: Project;
}

/**
 * Takes a project away, found by labels alone: containers of both tools and of every profile, dependents before
 * what they depend on, each as soon as it can be; then networks, and images and volumes where asked.
 */
export function planDown(observed: Observed, options: DownOptions = {}): Plan {
  const orphans = options.removeOrphans ? [] : findOrphans(observed, options.project);
  const containers = observed.containers.filter((container) => !orphans.includes(container));
  const stops = stopSteps(containers, {
    cause: "down",
    ...(options.timeoutSeconds === undefined ? {} : { timeoutSeconds: options.timeoutSeconds }),
  });
  const removals = containers.map((container) => removalOf(container, options));
  const after = removals.map((step) => step.id);
  const others: Step[] = [
    ...observed.networks.map((network) =>
      step("remove-network", network.name, after, { networkId: network.id }),
    ),
    ...(options.volumes ? observed.volumes : []).map((volume) =>
      step("remove-volume", volume.name, after, {}),
    ),
    ...(options.images ?? []).map((reference) => step("remove-image", reference, after, {})),
  ];
  return {
    project: observed.project,
    steps: orderSteps([...stops, ...removals, ...others]),
    services: [...dependencyGraph(containers).keys()],
    warnings: orphans.length === 0 ? [] : [orphanWarning(orphans)],
  };
}

function removalOf(container: ObservedContainer, options: DownOptions): Step {
  return {
    ...step("remove-container", container.name, [stepId("stop-container", container.name)], {
      containerId: container.id,
      anonymousVolumes: options.volumes === true,
    }),
    service: container.service,
  };
}

function step<Action extends Step["action"], Facts extends object>(
  action: Action,
  name: string,
  dependsOn: readonly string[],
  facts: Facts,
) {
  return { id: stepId(action, name), action, name, dependsOn, cause: "down", changes: [], ...facts };
}

function findOrphans(observed: Observed, project: Project | undefined): ObservedContainer[] {
  if (project === undefined) return [];
  return observed.containers.filter(
    ({ service, oneOff }) =>
      !oneOff && project.services[service] === undefined && project.disabledServices[service] === undefined,
  );
}

function orphanWarning(orphans: readonly ObservedContainer[]): string {
  const names = joinWords(orphans.map((orphan) => orphan.name));
  const them = orphans.length > 1 ? "them" : "it";
  return `${names}: not in the compose file, so ${them === "it" ? "it stays" : "they stay"}; down --remove-orphans removes ${them}`;
}
