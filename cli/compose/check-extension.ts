import { findNearest } from "../errors/nearest.js";

const kinds = ["mysql", "postgres", "mongodb", "redis", "kafka", "rabbitmq", "http", "service"];
const keys = [
  "kind",
  "domain",
  "port",
  "uiPort",
  "credentials",
  "healthUrl",
  "owner",
  "topics",
  "queues",
  "streams",
  "doctor",
];
const credentialKeys = ["user", "password", "database"];

export interface ExtensionProblem {
  /** Below x-mybroker: "kind", "credentials.user"; "" for the whole. */
  readonly key: string;
  readonly message: string;
}

/** The first thing in a service's x-mybroker that contracts/x-mybroker.schema.json does not allow. */
export function findExtensionProblem(extension: unknown): ExtensionProblem | undefined {
  if (!isMapping(extension)) return { key: "", message: "must be a mapping with kind and port" };
  const unknown = Object.keys(extension).find((key) => !keys.includes(key));
  if (unknown !== undefined) return unknownName(unknown, `unknown key ${unknown}`, keys);
  const { kind, port, uiPort, credentials, healthUrl, doctor } = extension;
  if (typeof kind !== "string") return { key: "kind", message: `is missing: one of ${kinds.join(", ")}` };
  if (!kinds.includes(kind)) return unknownName("kind", `unknown kind ${kind}`, kinds, kind);
  if (!isPort(port)) return { key: "port", message: "must be the port inside the container, 1 to 65535" };
  if (uiPort !== undefined && !isPort(uiPort))
    return { key: "uiPort", message: "must be a port, 1 to 65535" };
  if (healthUrl !== undefined && !(typeof healthUrl === "string" && /^(\/|https?:\/\/)/.test(healthUrl))) {
    return { key: "healthUrl", message: "must begin with / or http:// or https://" };
  }
  return findCredentialProblem(credentials) ?? findListProblem(extension) ?? findDoctorProblem(doctor);
}

/** The doctor itself says of an entry what it lacks, so that a reason left out stops nobody's `up`. */
function findDoctorProblem(doctor: unknown): ExtensionProblem | undefined {
  if (doctor === undefined) return undefined;
  if (!isMapping(doctor)) return { key: "doctor", message: "must be a mapping with ignore" };
  const unknown = Object.keys(doctor).find((key) => key !== "ignore");
  if (unknown !== undefined)
    return unknownName(`doctor.${unknown}`, `unknown key ${unknown}`, ["ignore"], unknown);
  const { ignore } = doctor;
  const whole = ignore === undefined || (Array.isArray(ignore) && ignore.every(isIgnore));
  return whole
    ? undefined
    : { key: "doctor.ignore", message: "must be a list of mappings with id and reason" };
}

function isIgnore(entry: unknown): boolean {
  if (!isMapping(entry)) return false;
  return [entry.id, entry.reason].every((value) => value === undefined || typeof value === "string");
}

function findCredentialProblem(credentials: unknown): ExtensionProblem | undefined {
  if (credentials === undefined) return undefined;
  if (!isMapping(credentials))
    return { key: "credentials", message: "must be a mapping of user, password, database" };
  for (const [key, value] of Object.entries(credentials)) {
    if (!credentialKeys.includes(key))
      return unknownName(`credentials.${key}`, `unknown key ${key}`, credentialKeys, key);
    if (typeof value !== "string" || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) {
      return { key: `credentials.${key}`, message: "must be the name of a variable in .env, never a value" };
    }
  }
  return undefined;
}

function findListProblem(extension: Readonly<Record<string, unknown>>): ExtensionProblem | undefined {
  for (const key of ["topics", "queues", "streams"]) {
    const list = extension[key];
    const names = Array.isArray(list) && list.every((name) => typeof name === "string" && name !== "");
    if (list !== undefined && !names) return { key, message: "must be a list of names" };
  }
  for (const key of ["domain", "owner"]) {
    const value = extension[key];
    if (value !== undefined && (typeof value !== "string" || value === ""))
      return { key, message: "must be a name" };
  }
  return undefined;
}

function unknownName(key: string, message: string, known: readonly string[], word = key): ExtensionProblem {
  const near = findNearest(word, known);
  return {
    key,
    message:
      near === undefined ? `${message}: one of ${known.join(", ")}` : `${message}, did you mean ${near}?`,
  };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;
}
