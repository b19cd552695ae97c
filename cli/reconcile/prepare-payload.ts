import { buildContainerLabels, imageName } from "../compose/labels.js";
import { buildContainerBody } from "./container-body.js";
import { digestFiles, inlineFilesLabel } from "./inline-files.js";
import { type AnonymousVolumes, requiredHostPaths } from "./mounts.js";
import type { ObservedContainer } from "./observed.js";
import type { CreateContainerStep } from "./plan.js";
import type { PlanContext } from "./plan-context.js";
import { containerName, type ServiceFacts } from "./service-facts.js";

/** What a step that makes a container carries. */
export type Payload = Pick<CreateContainerStep, "service" | "definition" | "body" | "files" | "hostPaths">;

export function preparePayload(
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

/** Volumes that the engine named itself go on with the replacement, at targets that stay anonymous. */
export function inheritedVolumes(
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
