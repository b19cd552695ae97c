import type { Build, Dependency, Service } from "../compose/model.js";
import type { ContainerCreateBody, NetworkCreateBody, VolumeCreateBody } from "../engine/engine.js";
import type { Change } from "./compare-container.js";
import type { InlineFile } from "./inline-files.js";

/** What has to be done, in data: the executor runs it, a person reads it, a test compares it. */
export interface Plan {
  readonly project: string;
  /** In an order in which every step stands after those that it depends on. */
  readonly steps: readonly Step[];
  /** The services that the plan is about, dependencies first. */
  readonly services: readonly string[];
  /** Things that the plan leaves alone and a person should know of. */
  readonly warnings: readonly string[];
}

export type Step =
  | NetworkStep
  | VolumeStep
  | ImageStep
  | CreateContainerStep
  | RecreateContainerStep
  | RenameContainerStep
  | StartContainerStep
  | ExistingContainerStep
  | RemoveContainerStep;

interface StepFacts {
  /** "create-container app-db-1" */
  readonly id: string;
  /** Name of the container, network, volume or image. */
  readonly name: string;
  readonly dependsOn: readonly string[];
  /** Why, in words: "does not exist", "environment.LOG_LEVEL changed". */
  readonly cause: string;
  readonly changes: readonly Change[];
  readonly service?: string;
}

export type NetworkStep = StepFacts &
  (
    | { readonly action: "create-network"; readonly body: NetworkCreateBody }
    | { readonly action: "remove-network"; readonly networkId: string }
  );

export type VolumeStep = StepFacts &
  (
    | { readonly action: "create-volume"; readonly body: VolumeCreateBody }
    | { readonly action: "remove-volume" }
  );

export type ImageStep = StepFacts &
  (
    | { readonly action: "pull-image"; readonly platform?: string }
    | {
        readonly action: "build-image";
        readonly build: Build;
        readonly labels: Readonly<Record<string, string>>;
      }
    | { readonly action: "remove-image" }
  );

/** What both ways of making a container need. */
interface MakesContainer {
  readonly service: string;
  /** For the interop hash, which is over the id of a shared container that may not exist before. */
  readonly definition: Service;
  readonly body: ContainerCreateBody;
  /** Copied in between create and start. */
  readonly files: readonly InlineFile[];
  /** Must exist on the host; the engine would make folders of them. */
  readonly hostPaths: readonly string[];
}

export type CreateContainerStep = StepFacts & MakesContainer & { readonly action: "create-container" };

/** Create under a temporary name, stop and remove the old one, rename: Compose's order, so that names never clash. */
export type RecreateContainerStep = StepFacts &
  MakesContainer & {
    readonly action: "recreate-container";
    readonly containerId: string;
    readonly temporaryName: string;
    readonly timeoutSeconds?: number;
  };

export type RenameContainerStep = StepFacts & {
  readonly action: "rename-container";
  readonly containerId: string;
};

export interface WaitFor {
  readonly service: string;
  readonly condition: Dependency["condition"];
  /** False: a failure of the dependency is only a warning. */
  readonly required: boolean;
}

export type StartContainerStep = StepFacts & {
  readonly action: "start-container";
  readonly service: string;
  /** Absent: the container that an earlier step makes under this name. */
  readonly containerId?: string;
  /** Copied in again before a first start: whoever created it may have been killed before the copy. */
  readonly files: readonly InlineFile[];
  readonly waitFor: readonly WaitFor[];
};

export type ExistingContainerStep = StepFacts & {
  readonly action: "stop-container" | "restart-container";
  readonly containerId: string;
  /** Absent: the container's own stop_grace_period. */
  readonly timeoutSeconds?: number;
  readonly waitFor?: readonly WaitFor[];
};

export type RemoveContainerStep = StepFacts & {
  readonly action: "remove-container";
  readonly containerId: string;
  readonly anonymousVolumes: boolean;
};

export type StepAction = Step["action"];

/** The same in each plan, so that documents can be compared: "start-container shop-web-1". */
export function stepId(action: StepAction, name: string): string {
  return `${action} ${name}`;
}

/**
 * The steps so ordered that each stands after those it depends on, otherwise in the order given; unknown ids are
 * dropped.
 */
export function orderSteps(steps: readonly Step[]): Step[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const ordered = new Map<string, Step>();
  const visit = (step: Step): void => {
    if (ordered.has(step.id)) return;
    const dependsOn = [...new Set(step.dependsOn)].filter((id) => byId.has(id));
    for (const id of dependsOn) {
      const dependency = byId.get(id);
      if (dependency) visit(dependency);
    }
    ordered.set(step.id, { ...step, dependsOn });
  };
  for (const step of steps) visit(step);
  return [...ordered.values()];
}
