import type {
  BuildOptions,
  ImageDetails,
  ImageSummary,
  PullOptions,
  PullProgress,
  RegistryAnswer,
  TarSource,
} from "./images.js";

/**
 * The engine as the CLI sees it: the few Docker Engine API calls that orchestration needs. Only the adapter
 * beside this file knows dockerode. Foreign errors arrive as EngineError; "not found" on a removal, "already
 * started" and "not modified" are not errors, because the wish is already true.
 */
export interface Engine {
  readonly endpoint: EngineEndpoint;
  /** Version facts gathered while connecting; no call. */
  readonly facts: EngineFacts;

  listContainers(filter: ContainerFilter): Promise<ContainerSummary[]>;
  inspectContainer(id: string): Promise<ContainerDetails | undefined>;
  createContainer(name: string, body: ContainerCreateBody): Promise<{ id: string; warnings: string[] }>;
  startContainer(id: string): Promise<void>;
  /** Waits for the engine's answer; timeoutSeconds undefined: the container's own StopTimeout. */
  stopContainer(id: string, timeoutSeconds?: number): Promise<void>;
  restartContainer(id: string, timeoutSeconds?: number): Promise<void>;
  unpauseContainer(id: string): Promise<void>;
  removeContainer(id: string, options: { force: boolean; anonymousVolumes: boolean }): Promise<void>;
  renameContainer(id: string, name: string): Promise<void>;
  /** A tar stream unpacked at `path` (inline configs and secrets). */
  putArchive(id: string, path: string, tar: TarSource): Promise<void>;
  /** A tar stream of a path in the container, also a stopped one. */
  getArchive(id: string, path: string): Promise<NodeJS.ReadableStream>;
  /** One sample; memory in bytes without page cache, as `docker stats` computes it. */
  sampleStats(id: string): Promise<ContainerStats>;

  logs(id: string, options: LogOptions): AsyncIterable<LogChunk>;
  exec(id: string, options: ExecOptions): Promise<ExecSession>;
  /** Engine events for the filter, from the moment the promise resolves; subscribe first, then inspect. */
  events(filter: EventFilter, signal: AbortSignal): Promise<AsyncIterable<EngineEvent>>;

  inspectImage(reference: string): Promise<ImageDetails | undefined>;
  listImages(labels?: readonly string[]): Promise<ImageSummary[]>;
  /** Ends when the pull has ended; an error inside the stream is thrown as EngineError. */
  pullImage(reference: string, options: PullOptions): AsyncIterable<PullProgress>;
  buildImage(options: BuildOptions): AsyncIterable<{ stream?: string }>;
  removeImage(reference: string): Promise<void>;
  /** Asks the registry of the image through the engine (GET /distribution/…/json). */
  probeRegistry(reference: string, timeoutMs: number): Promise<RegistryAnswer>;

  listNetworks(labels: readonly string[]): Promise<NetworkDetails[]>;
  /** By exact name: the engine's own look-up also matches id prefixes. */
  inspectNetwork(name: string): Promise<NetworkDetails | undefined>;
  createNetwork(body: NetworkCreateBody): Promise<{ id: string }>;
  removeNetwork(id: string): Promise<void>;
  /** Puts a container on a network beside those that it is on. */
  connectNetwork(id: string, containerId: string, endpoint: EndpointSettings): Promise<void>;

  listVolumes(labels: readonly string[]): Promise<VolumeDetails[]>;
  inspectVolume(name: string): Promise<VolumeDetails | undefined>;
  createVolume(body: VolumeCreateBody): Promise<void>;
  removeVolume(name: string): Promise<void>;
  /** Bytes per volume name, from GET /system/df; slow on big engines, so only where sizes are shown. */
  volumeSizes(): Promise<Map<string, number>>;

  close(): void;
}

export interface EngineEndpoint {
  /** "unix:///var/run/docker.sock", "tcp://10.0.0.5:2376", "ssh://host". */
  readonly url: string;
  /** Who chose it: "DOCKER_HOST", "context colima", "default socket", … */
  readonly source: string;
  /** Address on which published ports are reached: 127.0.0.1, or the remote engine's host. MYBROKER_HOST overrides. */
  readonly hostAddress: string;
}

export interface EngineFacts {
  /** "28.5.2" */
  readonly version: string;
  /** Negotiated, e.g. "1.51". */
  readonly apiVersion: string;
  readonly operatingSystem: string;
  readonly architecture: string;
  /** 0 where the engine does not say (a proxy that forbids GET /info). */
  readonly memoryBytes: number;
  /** 0 where the engine does not say. */
  readonly cpus: number;
  readonly rootless: boolean;
  /** Where it keeps images and volumes, on its own machine; absent where it does not say. */
  readonly dataRoot?: string;
  /** By how much its clock is ahead of this machine's, to some milliseconds; absent where it does not say. */
  readonly clockAheadMs?: number;
}

/** Normalised once at the edge. */
export type EngineErrorKind =
  | "not-found"
  | "conflict"
  | "port-taken"
  | "no-space"
  | "unauthorized"
  | "rate-limited"
  | "registry-unreachable"
  | "manifest-unknown"
  | "invalid"
  | "mount-source"
  | "connection"
  | "other";

export interface ContainerFilter {
  /** "key" or "key=value". */
  readonly labels?: readonly string[];
  /** Stopped ones too; default true. */
  readonly all?: boolean;
}

export interface ContainerSummary {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly { hostIp?: string; hostPort?: number; containerPort: number; protocol: string }[];
}

export type ContainerState = "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";

/** GET /containers/{id}/json as the engine gives it; the fields that we read. */
export interface ContainerDetails {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly Image: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: ContainerState;
    readonly Running: boolean;
    readonly OOMKilled: boolean;
    readonly ExitCode: number;
    readonly Error: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Health?: {
      readonly Status: "none" | "starting" | "healthy" | "unhealthy";
      readonly FailingStreak: number;
      readonly Log: readonly { Start: string; End: string; ExitCode: number; Output: string }[] | null;
    };
  };
  readonly Config: Record<string, unknown> & {
    readonly Labels: Readonly<Record<string, string>> | null;
    readonly Env: readonly string[] | null;
    readonly Tty: boolean;
    readonly Image: string;
  };
  readonly HostConfig: Record<string, unknown>;
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, EndpointSettings & { NetworkID: string; IPAddress: string }>>;
    readonly Ports: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[] | null>>;
  };
  readonly Mounts: readonly {
    Type: string;
    Name?: string;
    Source: string;
    Destination: string;
    RW: boolean;
    Driver?: string;
  }[];
}

/** POST /containers/create; keys as the Engine API spells them. */
export interface ContainerCreateBody extends Record<string, unknown> {
  Image: string;
  Env?: string[];
  Labels?: Record<string, string>;
  HostConfig: Record<string, unknown>;
  NetworkingConfig: { EndpointsConfig: Record<string, EndpointSettings> };
}

export interface EndpointSettings extends Record<string, unknown> {
  Aliases?: string[] | null;
}

export interface ContainerStats {
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  /** Share of one core, 1 = 100 %; between the sample and the one a second before. */
  readonly cpu: number;
}

export interface LogOptions {
  readonly follow?: boolean;
  /** Lines from the end; undefined: all. */
  readonly tail?: number;
  /** RFC 3339, Unix seconds, or a Go duration ago, as docker takes them. */
  readonly since?: string;
  readonly until?: string;
  readonly timestamps?: boolean;
  readonly signal?: AbortSignal;
}

export interface LogChunk {
  readonly channel: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

export interface ExecOptions {
  readonly command: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  readonly env?: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
  /** Leaves the session; its output ends. The engine has no way to end the command itself. */
  readonly signal?: AbortSignal;
}

export interface ExecSession {
  readonly output: AsyncIterable<LogChunk>;
  readonly stdin: NodeJS.WritableStream;
  resize(columns: number, rows: number): Promise<void>;
  /** Once the output has ended. */
  exitCode(): Promise<number>;
}

export interface EventFilter {
  readonly labels?: readonly string[];
  readonly types?: readonly ("container" | "network" | "volume" | "image")[];
  /** "start", "die", "health_status"; undefined: all, also the three exec events of every healthcheck. */
  readonly actions?: readonly string[];
  /** Unix milliseconds on the engine's clock: replays from there (the engine keeps 256); default now. */
  readonly sinceMs?: number;
}

export interface EngineEvent {
  readonly type: string;
  /** "start", "die", "oom", "health_status: healthy", … */
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Unix milliseconds. */
  readonly timeMs: number;
}

export interface NetworkDetails {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly enableIpv6: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly ipam: { driver?: string; config: readonly Record<string, string>[] };
  /** Container ids; only from inspectNetwork. */
  readonly containerIds: readonly string[];
}

export interface NetworkCreateBody extends Record<string, unknown> {
  Name: string;
  Labels: Record<string, string>;
}

export interface VolumeDetails {
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly createdAt: string;
}

export interface VolumeCreateBody extends Record<string, unknown> {
  Name: string;
  Labels: Record<string, string>;
}
