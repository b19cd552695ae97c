import type { Project } from "./model.js";

/** The value of a .env key as the compose file sees it: given, or its default there. */
export function lookUpCredential(project: Project, key: string | undefined): string | undefined {
  if (key === undefined) return undefined;
  const given = project.environment[key];
  // Compose's `:-` takes the default for an empty value too.
  return given === undefined || given === "" ? (project.variables[key]?.defaultValue ?? given) : given;
}
