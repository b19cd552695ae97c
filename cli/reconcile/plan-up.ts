import type { Project } from "../compose/model.js";
import { joinWords } from "./describe-cause.js";
import { collectFiles } from "./inline-files.js";
import { createMask } from "./mask-changes.js";
import type { Observed, ObservedContainer } from "./observed.js";
import { orderSteps, type Plan } from "./plan.js";
import { planRemoval, planService } from "./plan-containers.js";
import { addStep, findStep, type PlanContext, type UpOptions } from "./plan-context.js";
import { planImages } from "./plan-images.js";
import { planNetworks } from "./plan-networks.js";
import { waitsOf } from "./plan-start.js";
import { planVolumes } from "./plan-volumes.js";
import { selectServices } from "./select-services.js";

/**
 * What has to happen for the engine to have the project as the files say. Pure: the same project, snapshot and
 * options give the same plan. An empty plan means that nothing differs.
 *
 * Images: where one is missing or `pull: "always"`, its containers can only be judged after the pull. Run
 * `planUpImages` first, observe again, then plan.
 *
 * @throws MybrokerError usage.unknown-service, compose.external-missing, images.missing, compose.external-file
 */
export function planUp(project: Project, observed: Observed, options: UpOptions = {}): Plan {
  const context = createContext(project, observed, options);
  planImages(context);
  const remade = planNetworks(context);
  planVolumes(context);
  const affected = withServicesOn(context, remade);
  const staying = new Map<string, string | undefined>();
  for (const serviceName of affected.services) {
    const service = project.services[serviceName];
    if (service === undefined) continue;
    const files = collectFiles(project, service).inline;
    const containerIdOf = (name: string) =>
      staying.has(name) ? staying.get(name) : idOfFirst(observed.containers, name);
    staying.set(serviceName, planService(affected, { serviceName, service, files, remade, containerIdOf }));
  }
  planDependentRestarts(affected);
  planOrphans(affected);
  return finish(affected);
}

/** Only the pulls and builds that `planUp` would begin with. */
export function planUpImages(project: Project, observed: Observed, options: UpOptions = {}): Plan {
  const context = createContext(project, observed, options);
  planImages(context);
  return finish(context);
}

function createContext(project: Project, observed: Observed, options: UpOptions): PlanContext {
  return {
    project,
    observed,
    options,
    services: selectServices(project, options),
    drafts: new Map(),
    warnings: [],
    mask: createMask(options.secretNames ?? [], project.environment),
  };
}

function finish(context: PlanContext): Plan {
  return {
    project: context.project.name,
    steps: orderSteps([...context.drafts.values()]),
    services: context.services,
    warnings: context.warnings,
  };
}

/** A network that is made again takes every service on it along, also one that was not asked for. */
function withServicesOn(context: PlanContext, remade: ReadonlySet<string>): PlanContext {
  if (remade.size === 0) return context;
  const attached = context.observed.containers
    .filter(({ details }) => Object.keys(details.NetworkSettings.Networks).some((name) => remade.has(name)))
    .map((container) => container.service);
  const wanted = new Set([...context.services, ...attached]);
  const services = selectServices(context.project, {}).filter((name) => wanted.has(name));
  return { ...context, services };
}

function idOfFirst(containers: readonly ObservedContainer[], service: string): string | undefined {
  return containers.find((container) => container.service === service && !container.oneOff)?.id;
}

/** depends_on with `restart: true`: the dependent stops before its dependency is replaced, and starts after it. */
function planDependentRestarts(context: PlanContext): void {
  for (const serviceName of context.services) {
    const service = context.project.services[serviceName];
    const replaced = Object.entries(service?.depends_on ?? {})
      .filter(([, dependency]) => dependency.restart)
      .flatMap(([name]) => [...context.drafts.values()].filter((step) => step.service === name))
      .filter((step) => step.action === "recreate-container");
    const first = replaced[0];
    if (service === undefined || first === undefined || context.options.noDeps) continue;
    const cause = `${first.service} is recreated`;
    const running = context.observed.containers.filter(
      (container) =>
        container.service === serviceName &&
        !container.oneOff &&
        container.details.State.Status === "running",
    );
    for (const container of running) {
      if (isTouched(context, container)) continue;
      const { name, id: containerId } = container;
      const stop = addStep(context, {
        action: "stop-container",
        name,
        service: serviceName,
        containerId,
        cause,
      });
      for (const step of replaced) step.dependsOn.push(stop);
      addStep(context, {
        action: "start-container",
        name,
        service: serviceName,
        containerId,
        cause,
        files: [],
        waitFor: waitsOf(context, { service }),
        dependsOn: [stop, ...replaced.flatMap((step) => findStep(context, "start-container", step.name))],
      });
    }
  }
}

function isTouched(context: PlanContext, container: ObservedContainer): boolean {
  return [...context.drafts.values()].some(
    (step) => "containerId" in step && step.containerId === container.id,
  );
}

/** Containers whose service no file knows, also not in a profile that is off. */
function planOrphans(context: PlanContext): void {
  const { project, observed, options } = context;
  const orphans = observed.containers.filter(
    ({ service, oneOff }) =>
      !oneOff &&
      service !== "" &&
      project.services[service] === undefined &&
      project.disabledServices[service] === undefined,
  );
  if (options.removeOrphans) {
    for (const orphan of orphans) planRemoval(context, orphan, "its service is not in the compose file");
  } else if (orphans.length > 0) {
    const names = joinWords(orphans.map((orphan) => orphan.name));
    context.warnings.push(
      `${names}: not in the compose file (any more); up --remove-orphans removes ${orphans.length > 1 ? "them" : "it"}`,
    );
  }
}
