import { stringify } from "yaml";
import type { Project } from "./model.js";

/** The resolved project as YAML lines, in Compose's order of top-level keys. */
export function renderProject(project: Project): string[] {
  const { name, services, networks, volumes, configs, secrets } = project;
  const document = Object.fromEntries(
    Object.entries({ name, services, networks, volumes, configs, secrets }).filter(
      ([, value]) => typeof value === "string" || Object.keys(value).length > 0,
    ),
  );
  return stringify(document, { lineWidth: 0 }).trimEnd().split("\n");
}
