import { stringify } from "yaml";
import type { Project } from "./model.js";

/**
 * The resolved project as the lines of a compose file that resolves to the same again: in Compose's order of top-level
 * keys, with every $ escaped. YAML 1.1's quotes, because go-yaml takes an unquoted date for more than a text.
 */
export function renderProject(project: Project): string[] {
  const { name, services, networks, volumes, configs, secrets, extensions } = project;
  const sections = { name, services, networks, volumes, configs, secrets, ...extensions };
  const used = Object.entries(sections).filter(
    ([key, value]) =>
      key.startsWith("x-") || typeof value === "string" || Object.keys(value as object).length > 0,
  );
  const document = escapeDollars(Object.fromEntries(used));
  return stringify(document, { lineWidth: 0, version: "1.1", aliasDuplicateObjects: false })
    .trimEnd()
    .split("\n");
}

function escapeDollars(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map(escapeDollars);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, escapeDollars(child)]));
}
