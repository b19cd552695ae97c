import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { Project } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import { findSecretPlaces } from "./secret-places.js";
import type { ProjectState } from "./state-folder.js";

/** A password of today's settings that is not the one which the volume was made with. */
export interface VolumeMismatch {
  readonly volume: string;
  readonly service: string;
  /** Names of the .env keys that the password comes from; empty when it no longer comes from any. */
  readonly keys: readonly string[];
}

interface VolumeRequest {
  readonly engine: Pick<Engine, "inspectVolume">;
  readonly state: ProjectState;
  readonly project: Project;
  /** Names of the .env keys that are secret (secretKeysOf). */
  readonly secretKeys: ReadonlySet<string>;
}

interface VolumeRecord {
  readonly salt: string;
  readonly volumes: Readonly<Record<string, RecordedVolume>>;
}

interface RecordedVolume {
  /** With the name it says that this is still the same volume. */
  readonly createdAt: string;
  /** "service/VARIABLE" -> base64 fingerprint of the variable's value. */
  readonly fingerprints: Readonly<Record<string, string>>;
}

type ScryptOptions = { N: number; r: number; p: number };
const derive = promisify(scrypt) as (
  secret: string,
  salt: Buffer,
  length: number,
  options: ScryptOptions,
) => Promise<Buffer>;

/** About 10 ms each. The backups beside the record hold the passwords themselves, so more would protect nothing. */
const cost = { N: 2 ** 12, r: 8, p: 1 };

/**
 * Remembers which passwords the servers of this project made their volumes with; to be called when a login with
 * them has succeeded, because it replaces what was recorded before.
 */
export async function recordVolumeSecrets(request: VolumeRequest): Promise<void> {
  const keep = await fingerprintVolumes(request);
  await keep();
}

/**
 * The costly half of `recordVolumeSecrets`, to be done while servers start: the fingerprints of the volumes that exist
 * now. What it returns keeps them, and is to be called after the login.
 */
export async function fingerprintVolumes(request: VolumeRequest): Promise<() => Promise<void>> {
  const record = await readRecord(request);
  const hash = fingerprinter(record.salt);
  const made = [...secretsByVolume(request)].map(async ([name, values]) => {
    const details = await request.engine.inspectVolume(name);
    if (details === undefined) return [];
    const entries = [...values].map(async ([place, { value }]) => [place, await hash(value)] as const);
    const fingerprints = Object.fromEntries(await Promise.all(entries));
    return [[name, { createdAt: details.createdAt, fingerprints }] as const];
  });
  const volumes = { ...record.volumes, ...Object.fromEntries((await Promise.all(made)).flat()) };
  return () => request.state.writeRecord(recordName(request.project), { salt: record.salt, volumes });
}

/** Takes back what was recorded: for the time in which passwords change, nothing is known for sure. */
export async function forgetVolumeSecrets(
  state: ProjectState,
  project: Pick<Project, "name">,
): Promise<void> {
  const record = parseRecord(await state.readRecord(recordName(project)));
  if (record !== undefined) await state.writeRecord(recordName(project), { salt: record.salt, volumes: {} });
}

/** Which volumes were made with another password than today's. Volumes without a record are not judged. */
export async function compareVolumeSecrets(request: VolumeRequest): Promise<VolumeMismatch[]> {
  const record = await readRecord(request);
  const hash = fingerprinter(record.salt);
  const compared = [...secretsByVolume(request)].map(async ([volume, values]) => {
    const known = record.volumes[volume];
    if (known === undefined) return [];
    const details = await request.engine.inspectVolume(volume);
    if (details?.createdAt !== known.createdAt) return [];
    const mismatches: VolumeMismatch[] = [];
    for (const [place, { value, service, keys }] of values) {
      const expected = known.fingerprints[place];
      if (expected !== undefined && !equal(expected, await hash(value)))
        mismatches.push({ volume, service, keys });
    }
    return mismatches;
  });
  return (await Promise.all(compared)).flat();
}

/** True where a volume of this project was ever recorded: then a .env from nothing may lock the user out. */
export async function hasRecordedVolumes(state: ProjectState, projectName: string): Promise<boolean> {
  const record = parseRecord(await state.readRecord(recordName({ name: projectName })));
  return Object.keys(record?.volumes ?? {}).length > 0;
}

interface PlacedValue {
  readonly value: string;
  readonly service: string;
  readonly keys: readonly string[];
}

function secretsByVolume({ project, secretKeys }: VolumeRequest): Map<string, Map<string, PlacedValue>> {
  const values = new Map(
    [...secretKeys].map((key): [string, string] => [key, project.environment[key] ?? ""]),
  );
  const result = new Map<string, Map<string, PlacedValue>>();
  for (const place of findSecretPlaces(project, values)) {
    for (const volume of place.volumes) {
      const places = result.get(volume) ?? new Map<string, PlacedValue>();
      places.set(`${place.service}/${place.variable}`, {
        value: place.template,
        service: place.service,
        keys: place.keys,
      });
      result.set(volume, places);
    }
  }
  return result;
}

/** One salt a project, so that a password that four databases share is computed once. */
function fingerprinter(salt: string): (value: string) => Promise<string> {
  const known = new Map<string, Promise<string>>();
  return (value) => {
    const running =
      known.get(value) ??
      derive(value, Buffer.from(salt, "base64"), 32, cost).then((bytes) => bytes.toString("base64"));
    known.set(value, running);
    return running;
  };
}

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left, "base64"), Buffer.from(right, "base64")];
  return a.length === b.length && timingSafeEqual(a, b);
}

function recordName(project: Pick<Project, "name">): string {
  return `volumes-${project.name}`;
}

async function readRecord({ state, project }: VolumeRequest): Promise<VolumeRecord> {
  const record = parseRecord(await state.readRecord(recordName(project)));
  return record ?? { salt: randomBytes(16).toString("base64"), volumes: {} };
}

function parseRecord(value: unknown): VolumeRecord | undefined {
  const record = value as Partial<VolumeRecord> | undefined;
  const whole =
    typeof record?.salt === "string" && typeof record.volumes === "object" && record.volumes !== null;
  return whole ? (record as VolumeRecord) : undefined;
}
