import type { Project } from "../compose/model.js";
import type { Change } from "./compare-container.js";
import type { Observed } from "./observed.js";
import { type Step, type StepAction, stepId } from "./plan.js";

export interface UpOptions {
  readonly services?: readonly string[];
  readonly exclude?: readonly string[];
  readonly noDeps?: boolean;
  /** Of the named services, or of all where none is named; dependencies only where they differ. */
  readonly forceRecreate?: boolean;
  readonly removeOrphans?: boolean;
  readonly pull?: "missing" | "always" | "never";
  readonly build?: boolean;
  /** For containers that are stopped on the way; absent: their own stop_grace_period. */
  readonly timeoutSeconds?: number;
  /** Names of variables whose values no plan may show. */
  readonly secretNames?: readonly string[];
}

/** A step while the plan grows: later findings may add what it has to wait for. */
export type Draft = Step & { dependsOn: string[] };

/** What the parts of the planner share; everything else is passed as values. */
export interface PlanContext {
  readonly project: Project;
  readonly observed: Observed;
  readonly options: UpOptions;
  /** Selected services, dependencies first. */
  readonly services: readonly string[];
  readonly drafts: Map<string, Draft>;
  readonly warnings: string[];
  readonly mask: (change: Change) => Change;
}

/** Distributes over the union, so that each action keeps its own fields. */
type NewStep<Kind> = Kind extends Step
  ? Omit<Kind, "id" | "dependsOn" | "changes"> & {
      readonly dependsOn?: readonly string[];
      readonly changes?: readonly Change[];
    }
  : never;

/** Adds a step and answers its id. */
export function addStep(context: PlanContext, step: NewStep<Step>): string {
  const id = stepId(step.action, step.name);
  const changes = (step.changes ?? []).map(context.mask);
  context.drafts.set(id, { ...step, id, changes, dependsOn: [...(step.dependsOn ?? [])] } as Draft);
  return id;
}

/** The id of the step, where the plan has it. */
export function findStep(context: PlanContext, action: StepAction, name: string): string[] {
  const id = stepId(action, name);
  return context.drafts.has(id) ? [id] : [];
}
