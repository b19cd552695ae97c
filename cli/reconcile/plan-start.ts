import { isAwaitedJob } from "../compose/graph.js";
import { networkName } from "./networking.js";
import type { ObservedContainer } from "./observed.js";
import type { WaitFor } from "./plan.js";
import { addStep, findStep, type PlanContext } from "./plan-context.js";
import { dependenciesOf } from "./select-services.js";
import type { ServiceFacts } from "./service-facts.js";

/** Adds the start of a container that does not run: one just made, one that stopped, one that never started. */
export function planStart(
  context: PlanContext,
  facts: ServiceFacts,
  target: { name: string; container?: ObservedContainer; after: readonly string[]; cause?: string },
): void {
  const { name, container, after } = target;
  const cause = target.cause ?? causeToStart(context, facts.serviceName, container);
  if (cause === undefined) return;
  const paused = container?.details.State.Status === "paused";
  const common = {
    name,
    service: facts.serviceName,
    cause,
    waitFor: waitsOf(context, facts),
    dependsOn: [...after, ...startPrerequisites(context, facts)],
  };
  if (container !== undefined && paused) {
    addStep(context, { action: "restart-container", containerId: container.id, ...common });
    return;
  }
  const fresh = container === undefined || container.details.State.Status === "created";
  addStep(context, {
    action: "start-container",
    ...common,
    ...(container === undefined ? {} : { containerId: container.id }),
    // A container that this plan makes gets its files from the step that makes it.
    files: fresh && container !== undefined ? facts.files : [],
  });
}

function causeToStart(
  context: PlanContext,
  serviceName: string,
  container: ObservedContainer | undefined,
): string | undefined {
  const { Status, ExitCode } = container?.details.State ?? { Status: "created", ExitCode: 0 };
  if (Status === "running" || Status === "restarting") return undefined;
  if (Status === "paused") return "is paused";
  if (Status === "created") return "was never started";
  if (ExitCode === 0 && isAwaitedJob(context.project.services, serviceName)) return undefined;
  return `exited with ${ExitCode}`;
}

/** Conditions of depends_on among the services that this plan is about. */
export function waitsOf(context: PlanContext, { service }: Pick<ServiceFacts, "service">): WaitFor[] {
  if (context.options.noDeps) return [];
  const selected = new Set(context.services);
  return Object.entries(service.depends_on ?? {})
    .filter(([dependency]) => selected.has(dependency))
    .map(([dependency, { condition, required }]) => ({ service: dependency, condition, required }));
}

function startPrerequisites(context: PlanContext, { service }: ServiceFacts): string[] {
  const dependencies = new Set(dependenciesOf(service));
  const starts = [...context.drafts.values()].filter(
    (step) => /^(re)?start-container$/.test(step.action) && dependencies.has(step.service ?? ""),
  );
  const networks = Object.keys(service.networks ?? { default: null });
  return [
    ...starts.map((step) => step.id),
    ...networks.flatMap((key) => findStep(context, "create-network", networkName(context.project, key))),
  ];
}
