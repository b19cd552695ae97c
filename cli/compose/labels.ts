import { type FindContainerId, hashNetwork, hashService } from "./hash.js";
import type { Project, Service } from "./model.js";

/** Version of Compose whose labels and hashes are written. */
const composeVersion = "2.40.3";

/** Labels by which docker compose knows objects as its own (docker/compose pkg/api/labels.go). */
export const composeLabels = {
  /** Project name; on containers, networks, volumes and built images. */
  project: "com.docker.compose.project",
  /** Service key; on containers and built images. */
  service: "com.docker.compose.service",
  /** Hex SHA-256 of the service or network as the file says it. Without it a container is invisible to Compose. */
  configHash: "com.docker.compose.config-hash",
  /** "1", "2", … Without it a recreate by Compose fails. */
  number: "com.docker.compose.container-number",
  /** "True" or "False", with the capital letter: Compose compares the text. */
  oneOff: "com.docker.compose.oneoff",
  /** Id of the image that the container was made of; another one makes `up` recreate it. */
  image: "com.docker.compose.image",
  /** "service:condition:restart" joined by commas, empty for none: the order of `down` without a file. */
  dependsOn: "com.docker.compose.depends_on",
  /** Absolute folder of the project. */
  workingDir: "com.docker.compose.project.working_dir",
  /** Absolute paths of the compose files, joined by commas. */
  configFiles: "com.docker.compose.project.config_files",
  /** Absolute paths of the .env files; only when they were given with --env-file. */
  environmentFile: "com.docker.compose.project.environment_file",
  /** Version of Compose that made the object. */
  version: "com.docker.compose.version",
  /** Key of the network in the file. `up` fails on a network of the project's that has another one. */
  network: "com.docker.compose.network",
  /** Key of the volume in the file. */
  volume: "com.docker.compose.volume",
  /** Name of the container that this one replaces; only on a replacement. */
  replace: "com.docker.compose.replace",
  /** "classic" on images of the classic builder. */
  imageBuilder: "com.docker.compose.image.builder",
} as const;

/** Prefix of this program's own labels; Compose passes over labels that it does not know. */
export const ownLabelPrefix = "dev.mybroker.";

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
