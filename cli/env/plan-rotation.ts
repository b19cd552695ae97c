import type { Project } from "../compose/model.js";
import { storedAccounts } from "../ready/accounts.js";
import { findSecretPlaces, type SecretPlace } from "./secret-places.js";

/** A login that has to be changed in a running server before its key may change in .env. */
export interface StoredLogin {
  readonly service: string;
  readonly user: string;
}

export interface RotationPlan {
  /** Each key that gets a new value, with the servers that have to take it first; none for those that read it anew. */
  readonly keys: ReadonlyMap<string, readonly StoredLogin[]>;
  readonly kept: readonly KeptSecret[];
}

export interface KeptSecret {
  readonly key: string;
  readonly reason: string;
  /** True where a server stood in the way, so that the wish remains. */
  readonly failed: boolean;
}

export interface RotationRequest {
  /** Loaded with every profile and today's .env. */
  readonly project: Project;
  /** Secret keys with a value in .env; derived ones (hashes) are not among them. */
  readonly keys: readonly string[];
  readonly shell: Readonly<Record<string, string | undefined>>;
  /** Engine names of the volumes that exist. */
  readonly volumes: ReadonlySet<string>;
}

/** Which secrets can get a new value, and where each has to be changed first. Pure. */
export function planRotation({ project, keys, shell, volumes }: RotationRequest): RotationPlan {
  const values = new Map(keys.map((key): [string, string] => [key, project.environment[key] ?? ""]));
  const places = findSecretPlaces(project, values);
  const planned = new Map<string, StoredLogin[]>();
  const kept: KeptSecret[] = [];
  for (const [key, value] of values) {
    const reason = shell[key] !== undefined ? "the shell sets it" : unusedReason(project, value);
    if (reason !== undefined) {
      kept.push({ key, reason, failed: false });
      continue;
    }
    const stored = places.filter((place) => place.keys.includes(key) && isStored(place, volumes));
    const logins = stored.map((place) => findLogin(project, place, value));
    const foreign = stored.find((_, index) => logins[index] === undefined);
    if (foreign === undefined)
      planned.set(
        key,
        logins.filter((login) => login !== undefined),
      );
    else
      kept.push({
        key,
        reason: `${foreign.service} keeps ${foreign.variable} in a way that is not known`,
        failed: true,
      });
  }
  return { keys: planned, kept };
}

function isStored(place: SecretPlace, volumes: ReadonlySet<string>): boolean {
  return place.volumes.some((volume) => volumes.has(volume));
}

function findLogin(project: Project, place: SecretPlace, value: string): StoredLogin | undefined {
  const service = project.services[place.service];
  const accounts = service === undefined ? [] : storedAccounts(service);
  const account = accounts.find(
    ({ variable, password }) => variable === place.variable && password === value,
  );
  return account === undefined ? undefined : { service: place.service, user: account.user };
}

/** A password that no container is given may belong to data that nobody here knows of. */
function unusedReason({ services, configs, secrets }: Project, value: string): string | undefined {
  // As text: wherever it stands (a command, a config, a label), it counts.
  const used = JSON.stringify([services, configs, secrets]).includes(JSON.stringify(value).slice(1, -1));
  return used ? undefined : "no service of the compose file uses it";
}
