import { composeLabels, ofProject } from "../compose/label-names.js";
import type { Project, ServerKind } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import type { ProjectState } from "../env/state-folder.js";
import { findVersion, serverName } from "./data-versions.js";

/** Which server wrote a volume last. */
export interface RecordedData {
  /** With the name it says that this is still the same volume. */
  readonly createdAt: string;
  readonly version: string;
  /** Reference of the image. */
  readonly image: string;
}

type DataRecord = Readonly<Record<string, RecordedData>>;

const recordName = (project: Pick<Project, "name">) => `data-${project.name}`;

/** By the names of volumes. Outlives `down`, which takes the containers that would know. */
export async function readDataRecord(
  state: ProjectState,
  project: Pick<Project, "name">,
): Promise<DataRecord> {
  const record = await state.readRecord(recordName(project));
  return typeof record === "object" && record !== null ? (record as DataRecord) : {};
}

export async function forgetData(state: ProjectState, project: Pick<Project, "name">): Promise<void> {
  await state.removeRecord(recordName(project));
}

interface DataNote {
  readonly engine: Engine;
  readonly project: Project;
  /** Those that are waited for; of others nobody knows whether they took their data. */
  readonly services: readonly string[];
  readonly state: ProjectState;
}

/**
 * Looks which version each running server has, and by which volumes; what it returns keeps that, and is to be called
 * when the servers are ready: only then have they taken the data.
 */
export async function noteData({ engine, project, services, state }: DataNote): Promise<() => Promise<void>> {
  const summaries = await engine.listContainers({ labels: [ofProject(project.name)], all: false });
  const noted = summaries.map(async ({ id, labels }) => {
    const service = labels[composeLabels.service] ?? "";
    const kind = services.includes(service) ? project.services[service]?.["x-mybroker"]?.kind : undefined;
    return kind === undefined || serverName(kind) === undefined ? [] : noteContainer(engine, id, kind);
  });
  const fresh = Object.fromEntries((await Promise.all(noted)).flat());
  const record = await readDataRecord(state, project);
  return () => state.writeRecord(recordName(project), { ...record, ...fresh });
}

async function noteContainer(
  engine: Engine,
  id: string,
  kind: ServerKind,
): Promise<[string, RecordedData][]> {
  const container = await engine.inspectContainer(id);
  const image = container?.Config.Image ?? "";
  const version = findVersion(kind, { env: container?.Config.Env ?? [], reference: image });
  if (container === undefined || version === undefined) return [];
  const names = container.Mounts.flatMap(({ Type, Name }) => (Type === "volume" && Name ? [Name] : []));
  const volumes = await Promise.all(names.map((name) => engine.inspectVolume(name)));
  return volumes.flatMap((volume) =>
    volume === undefined ? [] : [[volume.name, { createdAt: volume.createdAt, version, image }]],
  );
}
