import type { Readable } from "node:stream";
import { readStats, type StatsAnswer } from "./container-stats.js";
import type {
  ContainerCreateBody,
  ContainerDetails,
  ContainerFilter,
  ContainerStats,
  ContainerSummary,
  EndpointSettings,
  Engine,
  EngineEndpoint,
  EngineEvent,
  EngineFacts,
  EventFilter,
  ExecOptions,
  ExecSession,
  LogChunk,
  LogOptions,
  NetworkCreateBody,
  NetworkDetails,
  VolumeCreateBody,
  VolumeDetails,
} from "./engine.js";
import {
  type ContainerListEntry,
  type ImageAnswer,
  type NetworkAnswer,
  toContainerSummary,
  toImageDetails,
  toImageSummary,
  toNetworkDetails,
  toVolumeDetails,
  type VolumeAnswer,
} from "./engine-answers.js";
import { EngineError } from "./engine-error.js";
import { startExec } from "./exec-session.js";
import { buildImage, probeRegistry, pullImage } from "./image-transfers.js";
import type {
  BuildOptions,
  ImageDetails,
  ImageSummary,
  PullOptions,
  PullProgress,
  RegistryAnswer,
  TarSource,
} from "./images.js";
import { readLogs } from "./read-logs.js";
import type { Credentials } from "./registry-credentials.js";
import type { Transport } from "./transport.js";
import { watchEvents } from "./watch-events.js";

interface Connection {
  readonly endpoint: EngineEndpoint;
  readonly facts: EngineFacts;
  readonly credentialsFor: (reference: string) => Promise<Credentials>;
}

/** Calls that last as long as a container takes to stop. */
const unlimited = Number.POSITIVE_INFINITY;

/** The Engine port over the Docker Engine API. */
export class DockerEngine implements Engine {
  readonly endpoint: EngineEndpoint;
  readonly facts: EngineFacts;
  readonly #transport: Transport;
  readonly #credentialsFor: Connection["credentialsFor"];

  constructor(transport: Transport, connection: Connection) {
    this.#transport = transport;
    this.endpoint = connection.endpoint;
    this.facts = connection.facts;
    this.#credentialsFor = connection.credentialsFor;
  }

  async listContainers(filter: ContainerFilter): Promise<ContainerSummary[]> {
    const entries = await this.#transport.json<ContainerListEntry[]>({
      path: "/containers/json",
      query: {
        all: filter.all ?? true,
        filters: filter.labels ? { label: filter.labels } : {},
      },
    });
    return entries.map(toContainerSummary);
  }

  inspectContainer(id: string): Promise<ContainerDetails | undefined> {
    return orUndefined(this.#transport.json<ContainerDetails>({ path: `/containers/${id}/json` }));
  }

  async createContainer(
    name: string,
    body: ContainerCreateBody,
  ): Promise<{ id: string; warnings: string[] }> {
    const answer = await this.#transport.json<{ Id: string; Warnings: string[] | null }>({
      method: "POST",
      path: "/containers/create",
      query: { name },
      body,
    });
    return { id: answer.Id, warnings: answer.Warnings ?? [] };
  }

  async startContainer(id: string): Promise<void> {
    await this.#post(`/containers/${id}/start`);
  }

  async stopContainer(id: string, timeoutSeconds?: number): Promise<void> {
    await this.#post(`/containers/${id}/stop`, { t: timeoutSeconds }, unlimited);
  }

  async restartContainer(id: string, timeoutSeconds?: number): Promise<void> {
    await this.#post(`/containers/${id}/restart`, { t: timeoutSeconds }, unlimited);
  }

  async unpauseContainer(id: string): Promise<void> {
    await this.#post(`/containers/${id}/unpause`);
  }

  async removeContainer(id: string, options: { force: boolean; anonymousVolumes: boolean }): Promise<void> {
    const query = { force: options.force, v: options.anonymousVolumes };
    await this.#remove(`/containers/${id}`, query);
  }

  async renameContainer(id: string, name: string): Promise<void> {
    await this.#post(`/containers/${id}/rename`, { name });
  }

  async putArchive(id: string, path: string, tar: TarSource): Promise<void> {
    await this.#transport.run({
      method: "PUT",
      path: `/containers/${id}/archive`,
      query: { path },
      tar,
      headers: { "Content-Type": "application/x-tar" },
    });
  }

  getArchive(id: string, path: string): Promise<Readable> {
    return this.#transport.stream({ path: `/containers/${id}/archive`, query: { path } });
  }

  async sampleStats(id: string): Promise<ContainerStats> {
    const query = { stream: false };
    return readStats(await this.#transport.json<StatsAnswer>({ path: `/containers/${id}/stats`, query }));
  }

  logs(id: string, options: LogOptions): AsyncIterable<LogChunk> {
    return readLogs(this.#transport, id, options);
  }

  exec(id: string, options: ExecOptions): Promise<ExecSession> {
    return startExec(this.#transport, id, options);
  }

  events(filter: EventFilter, signal: AbortSignal): Promise<AsyncIterable<EngineEvent>> {
    return watchEvents(this.#transport, filter, signal);
  }

  async inspectImage(reference: string): Promise<ImageDetails | undefined> {
    const answer = await orUndefined(
      this.#transport.json<ImageAnswer>({ path: `/images/${reference}/json` }),
    );
    return answer && toImageDetails(answer);
  }

  async listImages(labels?: readonly string[]): Promise<ImageSummary[]> {
    const query = { filters: labels ? { label: labels } : {} };
    const entries = await this.#transport.json<Parameters<typeof toImageSummary>[0][]>({
      path: "/images/json",
      query,
    });
    return entries.map(toImageSummary);
  }

  async *pullImage(reference: string, options: PullOptions): AsyncGenerator<PullProgress> {
    const credentials = await this.#credentialsFor(reference);
    yield* pullImage(this.#transport, reference, { ...options, credentials });
  }

  buildImage(options: BuildOptions): AsyncIterable<{ stream?: string }> {
    return buildImage(this.#transport, options);
  }

  async removeImage(reference: string): Promise<void> {
    await this.#remove(`/images/${reference}`, {});
  }

  async probeRegistry(reference: string, timeoutMs: number): Promise<RegistryAnswer> {
    const credentials = await this.#credentialsFor(reference);
    return await probeRegistry(this.#transport, reference, { timeoutMs, credentials });
  }

  async listNetworks(labels: readonly string[]): Promise<NetworkDetails[]> {
    const query = { filters: { label: labels } };
    const answers = await this.#transport.json<NetworkAnswer[]>({ path: "/networks", query });
    return answers.map(toNetworkDetails);
  }

  async inspectNetwork(name: string): Promise<NetworkDetails | undefined> {
    const query = { filters: { name: [name] } };
    const answers = await this.#transport.json<NetworkAnswer[]>({ path: "/networks", query });
    const found = answers.find((answer) => answer.Name === name);
    if (!found) return undefined;
    // Only the look-up by id says which containers are attached.
    const answer = await orUndefined(this.#transport.json<NetworkAnswer>({ path: `/networks/${found.Id}` }));
    return answer && toNetworkDetails(answer);
  }

  async createNetwork(body: NetworkCreateBody): Promise<{ id: string }> {
    const answer = await this.#transport.json<{ Id: string }>({
      method: "POST",
      path: "/networks/create",
      body,
    });
    return { id: answer.Id };
  }

  async removeNetwork(id: string): Promise<void> {
    await this.#remove(`/networks/${id}`, {});
  }

  async connectNetwork(id: string, containerId: string, endpoint: EndpointSettings): Promise<void> {
    const body = { Container: containerId, EndpointConfig: endpoint };
    await this.#transport.run({ method: "POST", path: `/networks/${id}/connect`, body });
  }

  async listVolumes(labels: readonly string[]): Promise<VolumeDetails[]> {
    const query = { filters: { label: labels } };
    const answer = await this.#transport.json<{ Volumes: VolumeAnswer[] | null }>({
      path: "/volumes",
      query,
    });
    return (answer.Volumes ?? []).map(toVolumeDetails);
  }

  async inspectVolume(name: string): Promise<VolumeDetails | undefined> {
    const answer = await orUndefined(this.#transport.json<VolumeAnswer>({ path: `/volumes/${name}` }));
    return answer && toVolumeDetails(answer);
  }

  async createVolume(body: VolumeCreateBody): Promise<void> {
    await this.#transport.run({ method: "POST", path: "/volumes/create", body });
  }

  async removeVolume(name: string): Promise<void> {
    await this.#remove(`/volumes/${name}`, {});
  }

  async volumeSizes(): Promise<Map<string, number>> {
    const query = { type: "volume" };
    const answer = await this.#transport.json<{ Volumes: VolumeAnswer[] | null }>({
      path: "/system/df",
      query,
    });
    // The engine answers -1 for a volume that it cannot measure (another driver's).
    const measured = (answer.Volumes ?? []).filter((volume) => (volume.UsageData?.Size ?? -1) >= 0);
    return new Map(measured.map((volume) => [volume.Name, volume.UsageData?.Size ?? 0]));
  }

  close(): void {
    this.#transport.close();
  }

  #post(path: string, query: Record<string, unknown> = {}, timeoutMs?: number): Promise<void> {
    return this.#transport.run({
      method: "POST",
      path,
      query,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
  }

  /** Removing what is gone, or what another call is removing, has reached its aim. */
  #remove(path: string, query: Record<string, unknown>): Promise<void> {
    const removed = this.#transport.run({ method: "DELETE", path, query });
    return unless(
      removed,
      (error) => error.kind === "not-found" || /already in progress/.test(error.message),
    );
  }
}

async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof EngineError && error.kind === "not-found") return undefined;
    throw error;
  }
}

async function unless(call: Promise<void>, isFine: (error: EngineError) => boolean): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof EngineError && isFine(error))) throw error;
  }
}
