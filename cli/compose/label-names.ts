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

/** Filter for the objects of one project, as the engine's list calls take it. */
export function ofProject(name: string): string {
  return `${composeLabels.project}=${name}`;
}

/** Filter for the containers of one service. */
export function ofService(name: string): string {
  return `${composeLabels.service}=${name}`;
}

/** Filter that leaves out the containers of `docker compose run`. */
export const notOneOff = `${composeLabels.oneOff}=False`;
