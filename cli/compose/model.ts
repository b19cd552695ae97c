/**
 * A project as Compose resolves it: loaded, merged, interpolated, normalised. The shape is that of
 * `docker compose config --format json` (compose-go's JSON form), so that the two can be compared and so
 * that the interop hash is taken over the very same document.
 */
export interface Project {
  readonly name: string;
  /** Absolute folder of the first compose file, or --project-directory. */
  readonly workingDir: string;
  /** Absolute paths, in order of merging. */
  readonly files: readonly string[];
  /** Absolute paths of the .env files that were read; empty when there was none. */
  readonly envFiles: readonly string[];
  /** True when --env-file (or COMPOSE_ENV_FILES) chose them: Compose then labels containers with it. */
  readonly envFilesGiven: boolean;
  /** Process environment over .env: what interpolation sees. */
  readonly environment: Readonly<Record<string, string>>;
  /** Services of the active profiles (and those that they depend on). */
  readonly services: Readonly<Record<string, Service>>;
  /** Services that stand in the files but whose profile is not active. */
  readonly disabledServices: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, Network>>;
  readonly volumes: Readonly<Record<string, Volume>>;
  readonly configs: Readonly<Record<string, FileObject>>;
  readonly secrets: Readonly<Record<string, FileObject>>;
  /** Names of variables that the files use, with where and whether they are required; values never. */
  readonly variables: Readonly<Record<string, VariableUse>>;
  /** Top-level x-* keys. */
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface VariableUse {
  readonly required: boolean;
  readonly defaultValue?: string;
  readonly places: readonly SourcePlace[];
}

export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly path: string;
}

export interface Service {
  build?: Build;
  cap_add?: string[];
  cap_drop?: string[];
  command: string[] | null;
  configs?: FileReference[];
  container_name?: string;
  cpus?: number;
  depends_on?: Record<string, Dependency>;
  deploy?: Deploy;
  dns?: string[];
  entrypoint: string[] | null;
  environment?: Record<string, string | null>;
  env_file?: unknown;
  expose?: string[];
  extra_hosts?: string[];
  hostname?: string;
  healthcheck?: Healthcheck;
  image?: string;
  init?: boolean;
  labels?: Record<string, string>;
  logging?: { driver?: string; options?: Record<string, string> };
  mem_limit?: string;
  mem_reservation?: string;
  memswap_limit?: string;
  network_mode?: string;
  networks?: Record<string, ServiceNetwork | null>;
  pid?: string;
  platform?: string;
  ports?: Port[];
  privileged?: boolean;
  profiles?: string[];
  pull_policy?: string;
  read_only?: boolean;
  restart?: string;
  scale?: number;
  secrets?: FileReference[];
  security_opt?: string[];
  shm_size?: string;
  stdin_open?: boolean;
  /** Go form: "1m30s". */
  stop_grace_period?: string;
  stop_signal?: string;
  sysctls?: Record<string, string>;
  tmpfs?: string[];
  tty?: boolean;
  ulimits?: Record<string, number | { soft?: number; hard?: number }>;
  user?: string;
  volumes?: Mount[];
  working_dir?: string;
  "x-mybroker"?: MybrokerExtension;
  [extension: `x-${string}`]: unknown;
}

export interface Build {
  context?: string;
  dockerfile?: string;
  dockerfile_inline?: string;
  args?: Record<string, string | null>;
  target?: string;
  labels?: Record<string, string>;
  network?: string;
}

export interface Dependency {
  condition: "service_started" | "service_healthy" | "service_completed_successfully";
  required: boolean;
  restart?: boolean;
}

interface Deploy {
  resources: {
    limits?: { cpus?: number | string; memory?: string; pids?: number };
    reservations?: { cpus?: number | string; memory?: string };
  };
  placement: Record<string, never>;
  replicas?: number;
}

export interface Healthcheck {
  test?: string[];
  /** Go durations: "10s", "1m30s". */
  timeout?: string;
  interval?: string;
  retries?: number;
  start_period?: string;
  start_interval?: string;
  disable?: boolean;
}

export interface ServiceNetwork {
  aliases?: string[];
  ipv4_address?: string;
  ipv6_address?: string;
  mac_address?: string;
  priority?: number;
  driver_opts?: Record<string, string>;
}

export interface Port {
  name?: string;
  mode?: string;
  host_ip?: string;
  target: number;
  /** A string, also a range "8000-8005"; absent: the engine picks one. */
  published?: string;
  protocol?: string;
  app_protocol?: string;
}

export interface Mount {
  type: "bind" | "volume" | "tmpfs" | "npipe" | "cluster" | "image";
  source?: string;
  target: string;
  read_only?: boolean;
  bind?: { propagation?: string; create_host_path?: boolean; selinux?: string; recursive?: string };
  volume?: { nocopy?: boolean; subpath?: string; labels?: Record<string, string> };
  tmpfs?: { size?: string; mode?: number };
}

export interface FileReference {
  source: string;
  target?: string;
  uid?: string;
  gid?: string;
  /** Octal as a string, as Compose prints it: "0444". */
  mode?: string;
}

export interface Network {
  name: string;
  driver?: string;
  driver_opts?: Record<string, string>;
  ipam: { driver?: string; config?: { subnet?: string; gateway?: string; ip_range?: string }[] };
  external?: boolean;
  internal?: boolean;
  attachable?: boolean;
  labels?: Record<string, string>;
  enable_ipv4?: boolean;
  enable_ipv6?: boolean;
}

export interface Volume {
  name: string;
  driver?: string;
  driver_opts?: Record<string, string>;
  external?: boolean;
  labels?: Record<string, string>;
}

/** A top-level config or secret. */
export interface FileObject {
  name: string;
  file?: string;
  content?: string;
  environment?: string;
  external?: boolean;
}

/** Kinds of servers that `ready/` has a probe for. */
export type ServerKind =
  | "mysql"
  | "postgres"
  | "mongodb"
  | "redis"
  | "kafka"
  | "rabbitmq"
  | "http"
  | "service";

/** What the CLI has to know beyond Compose, beside each service in the file (contracts/x-mybroker.schema.json). */
export interface MybrokerExtension {
  kind: ServerKind;
  domain?: string;
  /** Port inside the container that the kind's protocol is spoken on. */
  port: number;
  /** Names of .env keys, never values. */
  credentials?: { user?: string; password?: string; database?: string };
  /** Absolute path on the http port, or a full URL with the container's port. */
  healthUrl?: string;
  /** Port inside the container that serves a page for a browser. */
  uiPort?: number;
  owner?: string;
  topics?: string[];
  queues?: string[];
  streams?: string[];
  /** What the doctor is told to ignore about this service. */
  doctor?: { ignore?: { id?: string; reason?: string }[] };
}
