import { composeLabels, ofProject } from "../compose/label-names.js";
import type { Project } from "../compose/model.js";
import type { ContainerDetails, ContainerSummary, Engine } from "../engine/engine.js";
import { findExistingVolumes } from "./existing-volumes.js";
import { findAccountNames, findSecretPlaces, readFromPlace, type SecretPlace } from "./secret-places.js";

export interface RecoveryRequest {
  readonly engine: Engine;
  /** The project as the compose files give it with these values over the example's and the shell's. */
  loadProject(values: Readonly<Record<string, string>>): Promise<Project>;
  /** Secrets without a value. */
  readonly keys: readonly string[];
  /** No .env at all: then names of users and databases are unknown as well. */
  readonly withNames: boolean;
}

export interface Recovery {
  readonly project: Project;
  /** Values that the containers still know. */
  readonly found: ReadonlyMap<string, string>;
  /** Secrets that a volume was made with and that no container knows any more. */
  readonly lost: readonly LostSecret[];
}

export interface LostSecret {
  readonly key: string;
  readonly volumes: readonly string[];
}

/**
 * Looks for secrets where an earlier run put them. A sentinel stands in for each key while the compose file is
 * loaded; where it comes out (an environment variable of a service) the existing container is read, whichever
 * tool made it. Reads only.
 */
export async function recoverSecrets(request: RecoveryRequest): Promise<Recovery> {
  const secrets = sentinelsFor(request.keys);
  let project = await request.loadProject(Object.fromEntries(secrets));
  let sentinels = secrets;
  if (request.withNames) {
    sentinels = new Map([
      ...secrets,
      ...sentinelsFor(
        findAccountNames(project, () => true),
        secrets.size,
      ),
    ]);
    project = await request.loadProject(Object.fromEntries(sentinels));
  }
  const places = findSecretPlaces(project, sentinels);
  const containers = await inspectServices(request.engine, project.name, places);
  const found = new Map<string, string>();
  for (const place of places) {
    for (const [key, value] of readPlace(place, containers.get(place.service), sentinels)) {
      if (!found.has(key) && value !== "") found.set(key, value);
    }
  }
  const lost = await findLost(request, places, found);
  return { project, found, lost };
}

/** Equally long, so that none is the beginning of another; letters and digits only, so that they fit anywhere. */
function sentinelsFor(keys: readonly string[], first = 0): Map<string, string> {
  return new Map(keys.map((key, index) => [key, `sentinel${String(first + index).padStart(4, "0")}x`]));
}

async function inspectServices(
  engine: Engine,
  projectName: string,
  places: readonly SecretPlace[],
): Promise<Map<string, ContainerDetails[]>> {
  const wanted = new Set(places.map(({ service }) => service));
  const summaries = await engine.listContainers({ labels: [ofProject(projectName)], all: true });
  // The newest first: what was created last is what last worked with the volume.
  const relevant = summaries
    .filter((summary) => wanted.has(serviceOf(summary)))
    .sort((left, right) => right.createdAt - left.createdAt);
  const details = await Promise.all(relevant.map(({ id }) => engine.inspectContainer(id)));
  const result = new Map<string, ContainerDetails[]>();
  for (const [index, summary] of relevant.entries()) {
    const detail = details[index];
    if (detail === undefined) continue;
    result.set(serviceOf(summary), [...(result.get(serviceOf(summary)) ?? []), detail]);
  }
  return result;
}

function serviceOf(summary: ContainerSummary): string {
  return summary.labels[composeLabels.service] ?? "";
}

function readPlace(
  place: SecretPlace,
  containers: readonly ContainerDetails[] | undefined,
  sentinels: ReadonlyMap<string, string>,
): Map<string, string> {
  for (const container of containers ?? []) {
    const prefix = `${place.variable}=`;
    const entry = container.Config.Env?.find((line) => line.startsWith(prefix));
    const values =
      entry === undefined ? undefined : readFromPlace(place, entry.slice(prefix.length), sentinels);
    if (values !== undefined) return values;
  }
  return new Map();
}

async function findLost(
  { engine, keys }: RecoveryRequest,
  places: readonly SecretPlace[],
  found: ReadonlyMap<string, string>,
): Promise<LostSecret[]> {
  const candidates = new Map<string, Set<string>>();
  for (const { keys: placeKeys, volumes } of places) {
    for (const key of placeKeys) {
      if (found.has(key) || !keys.includes(key) || volumes.length === 0) continue;
      candidates.set(key, new Set([...(candidates.get(key) ?? []), ...volumes]));
    }
  }
  const names = [...new Set([...candidates.values()].flatMap((volumes) => [...volumes]))];
  const there = await findExistingVolumes(engine, names);
  return [...candidates].flatMap(([key, volumes]) => {
    const kept = [...volumes].filter((volume) => there.has(volume));
    return kept.length === 0 ? [] : [{ key, volumes: kept }];
  });
}
