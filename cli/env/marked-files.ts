import { dirname, join } from "node:path";
import type { Project } from "../compose/model.js";

/** The files whose `# secret` marks count for a project: its .env files, then the examples beside the compose files. */
export function markedFiles(project: Pick<Project, "workingDir" | "files" | "envFiles">): string[] {
  const folders = new Set([project.workingDir, ...project.files.map((file) => dirname(file))]);
  return [...project.envFiles, ...[...folders].map((folder) => join(folder, ".env.example"))];
}
