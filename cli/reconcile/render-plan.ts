import type { Change } from "./compare-container.js";
import type { Plan, Step, StepAction } from "./plan.js";

const verbs: Readonly<Record<StepAction, string>> = {
  "create-network": "create network",
  "remove-network": "remove network",
  "create-volume": "create volume",
  "remove-volume": "remove volume",
  "pull-image": "pull image",
  "build-image": "build image",
  "remove-image": "remove image",
  "create-container": "create",
  "recreate-container": "recreate",
  "rename-container": "rename",
  "start-container": "start",
  "stop-container": "stop",
  "restart-container": "restart",
  "remove-container": "remove",
};

/** What `--dry-run` prints: a line a step with its cause, below it the keys that changed. */
export function renderPlan(plan: Plan): string[] {
  if (plan.steps.length === 0) return ["Nothing to do."];
  const width = Math.max(...plan.steps.map((step) => headOf(step).length));
  return plan.steps.flatMap((step) => [
    `${headOf(step).padEnd(width)}  ${step.cause}`,
    ...step.changes.map((change) => `    ${renderChange(change)}`),
    ...("waitFor" in step ? (step.waitFor ?? []) : []).map(
      ({ service, condition }) =>
        `    after ${service} (${condition.replace("service_", "").replaceAll("_", " ")})`,
    ),
  ]);
}

function headOf(step: Step): string {
  return `${verbs[step.action]} ${step.name}`;
}

export function renderChange({ key, before, after }: Change): string {
  if (before === undefined) return `${key}: + ${after ?? ""}`;
  if (after === undefined) return `${key}: - ${before}`;
  return `${key}: ${before} -> ${after}`;
}

/** The plan for a JSON document: no payloads, which hold secrets. */
export function planToData(plan: Plan): unknown {
  return {
    steps: plan.steps.map((step) => ({
      id: step.id,
      action: step.action,
      name: step.name,
      ...(step.service === undefined ? {} : { service: step.service }),
      cause: step.cause,
      changes: step.changes,
      dependsOn: step.dependsOn,
      ...("waitFor" in step ? { waitFor: step.waitFor ?? [] } : {}),
    })),
    warnings: plan.warnings,
  };
}
