import { basename } from "node:path";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { composeError } from "./compose-error.js";
import { InvalidTemplate, interpolate } from "./interpolate.js";
import type { SourceDocument } from "./source-tree.js";

/** Lower case, only [a-z0-9_-], and no - or _ in front: what Compose makes of a folder's name. */
export function normalizeProjectName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "");
}

/** -p, then COMPOSE_PROJECT_NAME, then the files' top-level name (the last one), then the folder. */
export function chooseProjectName(facts: {
  readonly given: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly documents: readonly SourceDocument[];
  readonly workingDir: string;
}): string {
  const given = facts.given || facts.environment.COMPOSE_PROJECT_NAME;
  if (given) return requireProjectName(given);
  const fromFile = normalizeProjectName(nameInFiles(facts.documents, facts.environment));
  const name = fromFile || normalizeProjectName(basename(facts.workingDir));
  if (name !== "") return name;
  throw composeError({
    code: "no-project-name",
    message: `no project name can be made of the folder ${facts.workingDir}`,
    hint: "Name it with -p, or with name: at the top of the compose file",
  });
}

/** @throws MybrokerError compose.project-name (2) for a name that no project can have. */
export function requireProjectName(name: string): string {
  const normal = normalizeProjectName(name);
  if (normal === name) return name;
  throw new MybrokerError({
    code: "compose.project-name",
    message: `"${name}" is no project name: lower-case letters, digits, - and _, and a letter or digit first`,
    hint: normal === "" ? "Choose another with -p" : `For example:  {mybroker} -p ${normal}`,
    exitCode: exitCodes.usage,
    details: { name },
  });
}

function nameInFiles(
  documents: readonly SourceDocument[],
  environment: Readonly<Record<string, string>>,
): string {
  let found = "";
  for (const { root } of documents) {
    const name = root.kind === "mapping" ? root.entries.get("name") : undefined;
    if (name?.kind === "scalar" && typeof name.value === "string" && name.value !== "") found = name.value;
  }
  try {
    return interpolate(
      found,
      (name) => environment[name],
      () => {},
    );
  } catch (error) {
    // Said with its place when the whole file is interpolated.
    if (error instanceof InvalidTemplate) return "";
    throw error;
  }
}
