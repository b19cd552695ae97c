import { buildContainerLabels, composeLabels, imageName } from "../compose/labels.js";
import type { Service } from "../compose/model.js";
import type { ContainerCreateBody } from "../engine/engine.js";
import { type Change, compareContainer } from "./compare-container.js";
import { buildContainerBody } from "./container-body.js";
import { describeCause } from "./describe-cause.js";
import { digestFile, digestFiles, type InlineFile, inlineFilesLabel } from "./inline-files.js";
import { type AnonymousVolumes, requiredHostPaths } from "./mounts.js";
import { networkName } from "./networking.js";
import type { ObservedContainer } from "./observed.js";
import type { Step } from "./plan.js";
import { addStep, findStep, type PlanContext } from "./plan-context.js";
import { planStart } from "./plan-start.js";
import { replicasOf } from "./select-services.js";
import { finalNameOf, sortContainers } from "./sort-containers.js";

/** A service in the middle of planning. */
export interface ServiceFacts {
  readonly serviceName: string;
  readonly service: Service;
  readonly files: readonly InlineFile[];
  /** Networks that the plan takes away and makes again. */
  readonly remade: ReadonlySet<string>;
  /** Container of another service that stays, for shared namespaces. */
  readonly containerIdOf: (service: string) => string | undefined;
}

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

function containerName(context: PlanContext, { serviceName, service }: ServiceFacts, number: number): string {
  return service.container_name ?? `${context.project.name}-${serviceName}-${number}`;
}

type Payload = Pick<
  Extract<Step, { action: "create-container" }>,
  "service" | "definition" | "body" | "files" | "hostPaths"
>;

function preparePayload(
  context: PlanContext,
  facts: ServiceFacts,
  variant: { number: number; inherited: AnonymousVolumes },
): Payload {
  const { project, observed } = context;
  const { serviceName, service, files, containerIdOf } = facts;
  const { number, inherited } = variant;
  const imageId = observed.images.get(imageName(project, serviceName, service))?.id;
  const labels = buildContainerLabels({
    project,
    serviceName,
    service,
    number,
    imageId,
    findContainerId: containerIdOf,
  });
  if (files.length > 0) labels[inlineFilesLabel] = JSON.stringify(digestFiles(files));
  const name = containerName(context, facts, number);
  const body = buildContainerBody({
    project,
    serviceName,
    service,
    containerName: name,
    labels,
    containerIdOf,
    inherited,
  });
  return { service: serviceName, definition: service, body, files, hostPaths: requiredHostPaths(service) };
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

function findChanges(
  context: PlanContext,
  facts: ServiceFacts,
  candidate: { container: ObservedContainer; body: ContainerCreateBody; wantedName: string },
): Change[] {
  const { container, body, wantedName } = candidate;
  const { images, networks } = context.observed;
  const { details, labels } = container;
  const hashDiffers = labels[composeLabels.configHash] !== body.Labels?.[composeLabels.configHash];
  const image = images.get(body.Image);
  const changes = compareContainer({ body, details, image: images.get(details.Image) ?? image, hashDiffers });
  if (image !== undefined && image.id !== details.Image) {
    changes.unshift({ key: "image", before: shortId(details.Image), after: shortId(image.id) });
  }
  for (const [name, endpoint] of Object.entries(details.NetworkSettings.Networks)) {
    const current = networks.find((network) => network.name === name)?.id;
    const gone =
      endpoint.NetworkID !== "" &&
      endpoint.NetworkID !== current &&
      name in body.NetworkingConfig.EndpointsConfig;
    if (facts.remade.has(name) || gone) {
      changes.push({ key: `networks.${name}`, before: "another network of that name", after: "attached" });
    }
  }
  const named = facts.service.container_name !== undefined || hashDiffers;
  if (named && container.name !== wantedName && finalNameOf(container) !== wantedName) {
    changes.push({ key: "container_name", before: container.name, after: wantedName });
  }
  return [...changes, ...compareFiles(facts.files, container)];
}

/** "sha256:0123…" -> "0123456789ab" */
function shortId(id: string): string {
  return id.replace(/^sha256:/, "").slice(0, 12);
}

function compareFiles(files: readonly InlineFile[], container: ObservedContainer): Change[] {
  const found = container.fileDigests;
  const wanted = new Set(files.map((file) => file.target));
  const changed = files.flatMap((file) => {
    const digest = digestFile(file);
    const before = found[file.target];
    // Whoever made a container that never started may not have come to copying: the start does it again.
    if (before === digest || (before === undefined && neverStarted(container))) return [];
    return {
      key: file.key,
      ...(before === undefined ? {} : { before: `content ${before}` }),
      after: `content ${digest}`,
    };
  });
  const removed = Object.entries(found)
    .filter(([target]) => !wanted.has(target))
    .map(([target, digest]) => ({ key: `configs at ${target}`, before: `content ${digest}` }));
  return [...changed, ...removed];
}

export function neverStarted({ details }: ObservedContainer): boolean {
  return details.State.Status === "created";
}

/** Volumes that the engine named itself go on with the replacement, at targets that stay anonymous. */
function inheritedVolumes(
  context: PlanContext,
  { serviceName, service }: ServiceFacts,
  container: ObservedContainer,
): AnonymousVolumes {
  const image = context.observed.images.get(imageName(context.project, serviceName, service));
  const declared = Object.keys((image?.config.Volumes as object | null | undefined) ?? {});
  const otherwise = new Set([
    ...(service.volumes ?? [])
      .filter((mount) => mount.source !== undefined || mount.type !== "volume")
      .map((mount) => mount.target),
    ...(service.tmpfs ?? []).map((entry) => entry.split(":")[0]),
  ]);
  const anonymous = new Set([
    ...declared,
    ...(service.volumes ?? [])
      .filter((mount) => mount.type === "volume" && !mount.source)
      .map((mount) => mount.target),
  ]);
  return new Map(
    container.details.Mounts.flatMap((mount) => {
      const isAnonymous = mount.Type === "volume" && /^[0-9a-f]{64}$/.test(mount.Name ?? "");
      const stays = anonymous.has(mount.Destination) && !otherwise.has(mount.Destination);
      return isAnonymous && stays ? [[mount.Destination, mount.Name ?? ""] as const] : [];
    }),
  );
}
