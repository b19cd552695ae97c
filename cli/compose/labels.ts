import { type FindContainerId, hashNetwork, hashService } from "./hash.js";
import { composeLabels } from "./label-names.js";
import type { Project, Service } from "./model.js";

/** Version of Compose whose labels and hashes are written. */
const composeVersion = "2.40.3";

export interface ContainerFacts {
  readonly project: Pick<Project, "name" | "workingDir" | "files" | "envFiles" | "envFilesGiven">;
  readonly serviceName: string;
  readonly service: Service;
  /** From 1. */
  readonly number: number;
  readonly imageId: string | undefined;
  readonly findContainerId?: FindContainerId;
}

/** Labels of a container: the service's own, then those of Compose, which win. */
export function buildContainerLabels(facts: ContainerFacts): Record<string, string> {
  const { project, serviceName, service } = facts;
  return {
    ...service.labels,
    [composeLabels.configHash]: hashService(service, facts.findContainerId),
    [composeLabels.number]: String(facts.number),
    [composeLabels.dependsOn]: formatDependencies(service),
    ...(facts.imageId === undefined ? {} : { [composeLabels.image]: facts.imageId }),
    [composeLabels.oneOff]: "False",
    [composeLabels.project]: project.name,
    [composeLabels.configFiles]: project.files.join(","),
    [composeLabels.workingDir]: project.workingDir,
    ...(project.envFilesGiven ? { [composeLabels.environmentFile]: project.envFiles.join(",") } : {}),
    [composeLabels.service]: serviceName,
    [composeLabels.version]: composeVersion,
  };
}

function formatDependencies(service: Service): string {
  return Object.entries(service.depends_on ?? {})
    .map(([name, { condition, restart }]) => `${name}:${condition}:${restart ?? false}`)
    .sort()
    .join(",");
}

/** Labels of a network that the file declares under `key`. */
export function buildNetworkLabels(
  project: Pick<Project, "name" | "networks">,
  key: string,
): Record<string, string> {
  const network = project.networks[key];
  return {
    ...network?.labels,
    ...(network === undefined ? {} : { [composeLabels.configHash]: hashNetwork(network) }),
    [composeLabels.network]: key,
    [composeLabels.project]: project.name,
    [composeLabels.version]: composeVersion,
  };
}

/** Labels of a volume; no hash, because Compose offers to destroy a volume with a wrong one and accepts none. */
export function buildVolumeLabels(
  project: Pick<Project, "name" | "volumes">,
  key: string,
): Record<string, string> {
  return {
    ...project.volumes[key]?.labels,
    [composeLabels.project]: project.name,
    [composeLabels.version]: composeVersion,
    [composeLabels.volume]: key,
  };
}

/** Labels of an image that is built for a service. */
export function buildImageLabels(
  project: Pick<Project, "name">,
  serviceName: string,
  service: Service,
): Record<string, string> {
  return {
    ...service.build?.labels,
    [composeLabels.imageBuilder]: "classic",
    [composeLabels.project]: project.name,
    [composeLabels.service]: serviceName,
    [composeLabels.version]: composeVersion,
  };
}

/** The name of a service's image: its own, or the one that Compose gives what it builds. */
export function imageName(project: Pick<Project, "name">, serviceName: string, service: Service): string {
  return service.image ?? `${project.name}-${serviceName}`;
}
