import { checkProject } from "./check-project.js";
import { composeError } from "./compose-error.js";
import type { FindPlace } from "./graph.js";
import { missingVariablesError, TreeInterpolator } from "./interpolate-tree.js";
import { loadEnvFiles } from "./load-env-files.js";
import { loadEnvironment, type ProjectSources } from "./load-environment.js";
import { loadDocuments } from "./load-files.js";
import type { LoadRequest } from "./load-request.js";
import type { Project, Service } from "./model.js";
import { type MergedFile, normalize } from "./normalize.js";
import { selectByProfile } from "./profiles.js";
import { chooseProjectName } from "./project-name.js";
import { deletePath } from "./reset.js";
import type { JsonObject } from "./shape.js";
import { composeFile } from "./shape-file.js";
import type { Place, SourceDocument } from "./source-tree.js";
import { dropUnusedResources } from "./unused-resources.js";

/**
 * Reads a project as `docker compose` does: finds its files, merges and interpolates them, checks every key and adds
 * the defaults. Throws MybrokerError with exit code 2: compose.no-file, missing-file, unreadable-file, empty,
 * malformed, missing-variable (all of them at once), unknown-key, unsupported-key, wrong-type, invalid-value,
 * inconsistent, dependency-cycle, project-name; env.missing-file, unreadable-file, malformed; usage.unknown-service.
 */
export async function loadProject(request: LoadRequest): Promise<Project> {
  const sources = await loadEnvironment(request);
  const documents = await loadDocuments(sources.files, request.cwd);
  const name = chooseProjectName({ ...sources, documents, given: request.projectName });
  const environment = { ...sources.environment, COMPOSE_PROJECT_NAME: name };
  const merged = mergeDocuments(documents, environment, request);
  return assemble({ request, sources: { ...sources, environment }, name, ...merged });
}

interface Merged {
  readonly file: JsonObject;
  readonly variables: Project["variables"];
  readonly findPlace: FindPlace;
  /** True when required variables have no value and the request passes over that. */
  readonly hasGaps: boolean;
}

function mergeDocuments(
  documents: readonly SourceDocument[],
  environment: Readonly<Record<string, string>>,
  request: LoadRequest,
): Merged {
  const warn = request.warn ?? (() => {});
  const tolerant = request.missingVariables === "empty";
  const lookup = (name: string) => (Object.hasOwn(environment, name) ? environment[name] : undefined);
  const interpolator = new TreeInterpolator(lookup, { warn, tolerant });
  const interpolated = documents.map(({ root, resets }) => ({
    root: interpolator.interpolateTree(root),
    resets,
  }));
  if (interpolator.missing.length > 0 && !tolerant) throw missingVariablesError(interpolator.missing);
  const places = new Map<string, Place>();
  const context = { warn, locate: (path: string, place: Place) => void places.set(path, place) };
  let file: JsonObject = { services: {} };
  for (const { root, resets } of interpolated) {
    requireMapping(root);
    const read = composeFile.read(root, "", context) as JsonObject;
    for (const path of resets) deletePath(file, path);
    file = composeFile.merge(file, read) as JsonObject;
    if (read.version !== undefined)
      warn(`${root.place.shownFile}: version is obsolete and has no meaning, take it out`);
  }
  return {
    file: composeFile.finish(file) as JsonObject,
    variables: interpolator.variables,
    findPlace: (path) => findNearest(places, path),
    hasGaps: interpolator.missing.length > 0,
  };
}

function requireMapping(root: SourceDocument["root"]): void {
  if (root.kind === "mapping") return;
  throw composeError({
    code: "wrong-type",
    message: "a compose file is a mapping with services: at its top level",
    place: root.place,
  });
}

function findNearest(places: ReadonlyMap<string, Place>, path: string): Place | undefined {
  for (let current = path; current !== ""; current = current.replace(/(^|[.[])[^.[]*$/, "")) {
    const place = places.get(current);
    if (place !== undefined) return place;
  }
  return undefined;
}

async function assemble(
  parts: Merged & { readonly request: LoadRequest; readonly sources: ProjectSources; readonly name: string },
): Promise<Project> {
  const { request, sources, name, file, findPlace } = parts;
  const tolerant = request.missingVariables === "empty";
  const base = { workingDir: sources.workingDir, homeDir: request.homeDir };
  const { environment } = sources;
  const all = normalize(file as unknown as MergedFile, { ...base, projectName: name, environment });
  const chosen = request.profiles.length > 0 ? request.profiles : splitProfiles(environment.COMPOSE_PROFILES);
  const profiles = [...chosen, ...(request.moreProfiles ?? [])];
  const { enabled, disabled } = selectByProfile(all.services, profiles, request.services ?? []);
  const whole = { ...all, services: enabled, disabledServices: disabled } as unknown as Project;
  // Empty texts in the place of names break references that are whole once the variables have values.
  if (!parts.hasGaps) checkProject(whole, findPlace);
  const context = { ...base, cwd: request.cwd, environment, findPlace, tolerant };
  const services: Record<string, Service> = {};
  for (const [key, service] of Object.entries(enabled))
    services[key] = await loadEnvFiles(key, service, context);
  return {
    name,
    workingDir: sources.workingDir,
    files: sources.files,
    envFiles: sources.envFiles,
    envFilesGiven: sources.envFilesGiven,
    environment,
    services,
    disabledServices: disabled,
    ...dropUnusedResources(services, whole),
    variables: parts.variables,
    extensions: Object.fromEntries(Object.entries(file).filter(([key]) => key.startsWith("x-"))),
  };
}

function splitProfiles(text: string | undefined): string[] {
  return (text ?? "").split(",").map((profile) => profile.trim());
}
