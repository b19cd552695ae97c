/**
 * What the command line and the embedded runtime say to each other.
 *
 * At its start the process reads RuntimeSettings, one line of JSON, from its stdin (so that no secret stands in an
 * argument, the environment or a file) and answers with one line, a StartReport, on file descriptor 3. From then on it
 * is HTTP with JSON bodies over a Unix socket that only its owner can reach:
 *
 *   GET  /status                         -> RuntimeStatus
 *   POST /services/{name}/start|stop     -> ServiceStatus      404 for a name that it does not run
 *   POST /services/{name}/check          -> ServiceStatus      a store is written to and read; `problem` says what failed
 *   GET|PUT /services/{name}/api/{path}  -> a broker's answer as RabbitMQ's management API gives it: exchanges, queues,
 *                                           bindings and vhosts of "%2F"; PUT vhosts {tracing} is its firehose
 *   POST /stop                           -> 202; the body, a line, ends once everything is closed
 */

/** Raised when the layout of the data folder changes; a newer one is refused. */
export const embeddedDataVersion = 1;

/** Kinds that are a file here: all SQLite, one a service, so that no domain can reach another's data. */
export const storeKinds = ["mysql", "postgres", "mongodb", "redis"] as const;

/** Kinds that have an embedded form; the others need Docker. "service": a domain service of ours. */
export const embeddedKinds = ["kafka", "rabbitmq", ...storeKinds, "service"] as const;

export type EmbeddedKind = (typeof embeddedKinds)[number];

/** Whether a container of this kind is a file in the embedded runtime. */
export function isStoreKind(kind: string | undefined): boolean {
  return storeKinds.some((known) => known === kind);
}

export interface ServiceSetting {
  readonly name: string;
  readonly kind: EmbeddedKind;
  /** On 127.0.0.1; not of a store. */
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly topics?: readonly { readonly name: string; readonly partitions: number }[];
  /** RabbitMQ's definitions as its file has them, parsed. */
  readonly definitions?: Readonly<Record<string, unknown>>;
  /** Of a domain service: what its container has as environment, with the addresses that hold here. */
  readonly env?: Readonly<Record<string, string>>;
  /** False: known, and left stopped until it is asked for. */
  readonly start: boolean;
  /** What it is made from, by the name that a person knows it by, as digests: never a secret itself. */
  readonly basis: Readonly<Record<string, string>>;
}

export interface RuntimeSettings {
  /** Of mybroker. */
  readonly version: string;
  readonly dataFolder: string;
  readonly socketPath: string;
  /** The rotated log; its lines go to stdout as well in the foreground. */
  readonly logPath: string;
  /** True: it ends when its stdin does. */
  readonly foreground: boolean;
  readonly services: readonly ServiceSetting[];
}

export interface StartProblem {
  /** "EADDRINUSE" and the like as Node has them; "DATA_NEWER", "DATA_DAMAGED", "OWNED", "FAILED". */
  readonly code: string;
  readonly message: string;
  /** null where it is the process's own. */
  readonly service: string | null;
  /** Of the process that owns the data folder (OWNED). */
  readonly pid?: number;
}

export type StartReport =
  | { readonly ready: RuntimeStatus; readonly problems?: never }
  | { readonly ready?: never; readonly problems: readonly StartProblem[] };

/** "unhealthy": a domain service that listens and says that something which it needs is away. */
export type ServiceState = "starting" | "ready" | "unhealthy" | "stopped" | "failed";

export interface ServiceStatus {
  readonly name: string;
  /** x-mybroker kind of the container that it stands for. */
  readonly kind: EmbeddedKind;
  readonly state: ServiceState;
  /** "127.0.0.1:9092"; null for a store, which is a file. */
  readonly address: string | null;
  /** Absolute path of the data; null for a domain service, which has a store for that. */
  readonly path: string | null;
  /** From the start of the service to ready. */
  readonly readyMs: number | null;
  /** Why it failed or is unhealthy, in one line; null otherwise. */
  readonly problem: string | null;
  /** RFC 3339, of the last start; null before it. */
  readonly startedAt: string | null;
  readonly basis: Readonly<Record<string, string>>;
}

/** It has been started and not stopped since. */
export function isUp({ state }: Pick<ServiceStatus, "state">): boolean {
  return state === "ready" || state === "unhealthy";
}

/** A request to RabbitMQ's management API: "/api/bindings/%2F". */
export interface ManagementQuestion {
  readonly method: string;
  readonly path: string;
  /** Parsed. */
  readonly body?: unknown;
}

export interface ManagementAnswer {
  /** Of HTTP. */
  readonly status: number;
  readonly body: unknown;
}

export interface RuntimeStatus {
  /** Of mybroker, as the process was started from. */
  readonly version: string;
  readonly pid: number;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly residentBytes: number;
  readonly dataFolder: string;
  readonly services: readonly ServiceStatus[];
}

/** One line of the log. */
export interface LogEntry {
  /** RFC 3339 with milliseconds. */
  readonly time: string;
  /** "runtime" where it is about the process. */
  readonly service: string;
  readonly level: "info" | "warn" | "error";
  readonly text: string;
}
