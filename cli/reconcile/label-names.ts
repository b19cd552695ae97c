/** Labels of Docker Compose (docker/compose pkg/api/labels.go). */
export const composeLabels = {
  project: "com.docker.compose.project",
  service: "com.docker.compose.service",
  configHash: "com.docker.compose.config-hash",
  number: "com.docker.compose.container-number",
  /** "True" or "False", with the capital letter. */
  oneOff: "com.docker.compose.oneoff",
  image: "com.docker.compose.image",
  /** "service:condition:restart", joined by commas. */
  dependsOn: "com.docker.compose.depends_on",
  workingDir: "com.docker.compose.project.working_dir",
  configFiles: "com.docker.compose.project.config_files",
  environmentFile: "com.docker.compose.project.environment_file",
  version: "com.docker.compose.version",
  network: "com.docker.compose.network",
  volume: "com.docker.compose.volume",
  /** Name of the container that this one replaces; only on a replacement. */
  replace: "com.docker.compose.replace",
} as const;

/** Our own label: inline files as JSON, target -> digest. Compose ignores labels that it does not know. */
export const inlineFilesLabel = "dev.mybroker.inline-files";
