import { createHash } from "node:crypto";
import type { Project, Service } from "../compose/model.js";
import { digestFiles, type InlineFile } from "./inline-files.js";
import { composeLabels, inlineFilesLabel } from "./label-names.js";

/** Labels by which Compose knows a container as its own, and ours for what it does not record. */
export function containerLabels(facts: {
  project: Project;
  serviceName: string;
  service: Service;
  number: number;
  imageId: string | undefined;
  files: readonly InlineFile[];
}): Record<string, string> {
  const { project, serviceName, service, number, imageId, files } = facts;
  return {
    [composeLabels.project]: project.name,
    [composeLabels.service]: serviceName,
    [composeLabels.configHash]: createHash("sha256").update(JSON.stringify(service)).digest("hex"),
    [composeLabels.number]: String(number),
    [composeLabels.oneOff]: "False",
    [composeLabels.dependsOn]: Object.entries(service.depends_on ?? {})
      .map(([name, { condition, restart }]) => `${name}:${condition}:${restart ?? false}`)
      .join(","),
    [composeLabels.workingDir]: project.workingDir,
    [composeLabels.configFiles]: project.files.join(","),
    [composeLabels.version]: "2.40.3",
    ...(project.envFilesGiven ? { [composeLabels.environmentFile]: project.envFiles.join(",") } : {}),
    ...(imageId === undefined ? {} : { [composeLabels.image]: imageId }),
    ...(files.length > 0 ? { [inlineFilesLabel]: JSON.stringify(digestFiles(files)) } : {}),
  };
}

/** Without a config-hash: leaving it out is accepted, a wrong one makes Compose offer to destroy the data. */
export function volumeLabels(project: Project, key: string): Record<string, string> {
  return {
    [composeLabels.project]: project.name,
    [composeLabels.volume]: key,
    [composeLabels.version]: "2.40.3",
  };
}

export function networkLabels(project: Project, key: string): Record<string, string> {
  return {
    [composeLabels.project]: project.name,
    [composeLabels.network]: key,
    [composeLabels.version]: "2.40.3",
  };
}
