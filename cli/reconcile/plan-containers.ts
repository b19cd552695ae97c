import { composeLabels } from "../compose/label-names.js";
import { imageName } from "../compose/labels.js";
import type { Service } from "../compose/model.js";
import type { ContainerCreateBody } from "../engine/engine.js";
import { describeCause } from "./describe-cause.js";
import { findChanges } from "./find-changes.js";
import { networkName } from "./networking.js";
import type { ObservedContainer } from "./observed.js";
import { addStep, findStep, type PlanContext } from "./plan-context.js";
import { planStart } from "./plan-start.js";
import { inheritedVolumes, preparePayload } from "./prepare-payload.js";
import { replicasOf } from "./select-services.js";
import { containerName, type ServiceFacts } from "./service-facts.js";
import { finalNameOf, sortContainers } from "./sort-containers.js";

/** Plans all containers of one service; answers the id of its first container if that one stays as it is. */
export function planService(context: PlanContext, facts: ServiceFacts): string | undefined {
  const own = context.observed.containers.filter(
    (container) => container.service === facts.serviceName && !container.oneOff,
  );
  const { usable, leftovers } = sortContainers(own);
  for (const leftover of leftovers) planRemoval(context, leftover, "left by an interrupted run");
  const wanted = replicasOf(facts.service);
  const [kept, surplus] = [usable.slice(0, wanted), usable.slice(wanted)];
  for (const container of surplus) {
    planRemoval(context, container, `the service has ${wanted} container${wanted === 1 ? "" : "s"}`);
  }
  const staying = kept.map((container) => planExisting(context, facts, container));
  const numbers = new Set(kept.map((container) => container.number));
  for (let number = 1, missing = wanted - kept.length; missing > 0; number += 1) {
    if (numbers.has(number)) continue;
    planCreation(context, facts, number);
    missing -= 1;
  }
  return staying[0];
}

function planCreation(context: PlanContext, facts: ServiceFacts, number: number): void {
  const name = containerName(context, facts, number);
  const make = preparePayload(context, facts, { number, inherited: new Map() });
  const created = addStep(context, {
    action: "create-container",
    name,
    cause: "does not exist",
    ...make,
    dependsOn: [...prerequisites(context, facts), ...removalsOf(context, name)],
  });
  planStart(context, facts, { name, after: [created], cause: "was just made" });
}

/** A container that holds the name has to go first. */
function removalsOf(context: PlanContext, name: string): string[] {
  return findStep(context, "remove-container", name);
}

function planExisting(
  context: PlanContext,
  facts: ServiceFacts,
  container: ObservedContainer,
): string | undefined {
  const { number } = container;
  const wantedName = containerName(context, facts, number);
  const make = preparePayload(context, facts, {
    number,
    inherited: inheritedVolumes(context, facts, container),
  });
  const changes = findChanges(context, facts, { container, body: make.body, wantedName });
  const forced = isForced(context, facts.serviceName);
  if (changes.length === 0 && !forced) {
    const name = planRename(context, container, wantedName);
    planStart(context, facts, { name, container, after: findStep(context, "rename-container", name) });
    return container.id;
  }
  const { timeoutSeconds } = context.options;
  const temporaryName = `${container.id.slice(0, 12)}_${wantedName}`;
  const recreated = addStep(context, {
    action: "recreate-container",
    name: wantedName,
    containerId: container.id,
    temporaryName,
    cause: changes.length > 0 ? describeCause(changes) : "asked for with --force-recreate",
    changes,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...make,
    body: withReplaceLabel(make.body, wantedName),
    dependsOn: [
      ...prerequisites(context, facts),
      ...findStep(context, "stop-container", container.name),
      ...removalsOf(context, temporaryName),
      ...removalsOf(context, wantedName),
    ],
  });
  planStart(context, facts, { name: wantedName, after: [recreated], cause: "was just made" });
  return undefined;
}

/** Half a recreate: the replacement is there, the original is gone, only the name is missing. */
function planRename(context: PlanContext, container: ObservedContainer, wantedName: string): string {
  if (finalNameOf(container) !== wantedName) return container.name;
  addStep(context, {
    action: "rename-container",
    name: wantedName,
    service: container.service,
    containerId: container.id,
    cause: "left by an interrupted run",
    dependsOn: removalsOf(context, wantedName),
  });
  return wantedName;
}

export function planRemoval(context: PlanContext, container: ObservedContainer, cause: string): string {
  const { timeoutSeconds } = context.options;
  const facts = { name: container.name, service: container.service, containerId: container.id, cause };
  const stops = container.details.State.Running
    ? [
        addStep(context, {
          action: "stop-container",
          ...facts,
          ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
        }),
      ]
    : [];
  return addStep(context, {
    action: "remove-container",
    ...facts,
    anonymousVolumes: false,
    dependsOn: stops,
  });
}

function isForced(context: PlanContext, serviceName: string): boolean {
  const { forceRecreate, services } = context.options;
  return Boolean(forceRecreate) && (!services?.length || services.includes(serviceName));
}

function withReplaceLabel(body: ContainerCreateBody, name: string): ContainerCreateBody {
  return { ...body, Labels: { ...body.Labels, [composeLabels.replace]: name } };
}

/** Steps that must be done before a container of the service can be made. */
function prerequisites(context: PlanContext, { serviceName, service }: ServiceFacts): string[] {
  const { project } = context;
  const reference = imageName(project, serviceName, service);
  const networks = Object.keys(service.networks ?? { default: null });
  const volumes = (service.volumes ?? []).flatMap((mount) => project.volumes[mount.source ?? ""]?.name ?? []);
  return [
    ...findStep(context, "pull-image", reference),
    ...findStep(context, "build-image", reference),
    ...networks.flatMap((key) => findStep(context, "create-network", networkName(project, key))),
    ...volumes.flatMap((name) => findStep(context, "create-volume", name)),
    ...sharedNamespaceSteps(context, service),
  ];
}

/** `network_mode: service:x` needs x's container, the new one where it is replaced. */
function sharedNamespaceSteps(context: PlanContext, service: Service): string[] {
  const shared = [service.network_mode, service.pid].flatMap(
    (mode) => /^service:(.+)$/.exec(mode ?? "")?.[1] ?? [],
  );
  return [...context.drafts.values()]
    .filter((step) => /^(re)?create-container$/.test(step.action) && shared.includes(step.service ?? ""))
    .map((step) => step.id);
}
