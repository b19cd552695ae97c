import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import type {
  ContainerCreateBody,
  ContainerDetails,
  ContainerState,
  Engine,
  NetworkDetails,
  VolumeDetails,
} from "../../engine/engine.js";
import { EngineError } from "../../engine/engine-error.js";
import type { ImageDetails } from "../../engine/images.js";

interface SimulatedContainer {
  id: string;
  name: string;
  body: ContainerCreateBody;
  image: ImageDetails;
  status: ContainerState;
  exitCode: number;
  created: number;
  files: Map<string, Buffer>;
  volumes: Map<string, string>;
}

/**
 * An engine in memory: enough of the Engine API's behaviour for plans to be executed and observed again. It stands
 * in for the real one where thousands of states are tried, or where a fault has to come at a chosen call.
 */
export class SimulatedEngine {
  readonly containers = new Map<string, SimulatedContainer>();
  readonly networks = new Map<string, NetworkDetails>();
  readonly volumes = new Map<string, VolumeDetails>();
  readonly images = new Map<string, ImageDetails>();
  /** Every changing call, in order: "startContainer app-web-1". */
  readonly calls: string[] = [];
  /** Called before each changing call; what it throws is the engine's answer. */
  beforeCall: (call: string) => void | Promise<void> = () => {};
  #count = 0;

  addImage(
    reference: string,
    config: Record<string, unknown> = {},
    labels: Record<string, string> = {},
  ): ImageDetails {
    const id = `sha256:${this.#nextId()}`;
    const image = { id, tags: [reference], sizeBytes: 1, labels, config };
    this.images.set(reference, image);
    this.images.set(id, image);
    return image;
  }

  byName(name: string): SimulatedContainer | undefined {
    return [...this.containers.values()].find(
      (container) => container.name === name || container.id === name,
    );
  }

  /** The port, as the code under test sees it. */
  get engine(): Engine {
    return this as unknown as Engine;
  }

  readonly endpoint = { url: "tcp://simulated", source: "test", hostAddress: "127.0.0.1" };

  async listContainers(filter: { labels?: readonly string[] }) {
    return [...this.containers.values()]
      .filter(({ body }) => hasLabels(body.Labels ?? {}, filter.labels ?? []))
      .map(({ id, name }) => ({ id, name }));
  }

  async inspectContainer(id: string): Promise<ContainerDetails | undefined> {
    const container = this.byName(id);
    return container && this.#describe(container);
  }

  async createContainer(name: string, body: ContainerCreateBody) {
    await this.#call("createContainer", name);
    if (this.byName(name)) throw new EngineError({ kind: "conflict", message: `name ${name} is in use` });
    const image = this.images.get(body.Image);
    if (!image) throw new EngineError({ kind: "not-found", message: `No such image: ${body.Image}` });
    const id = this.#nextId();
    this.containers.set(id, {
      id,
      name,
      body: structuredClone(body),
      image,
      status: "created",
      exitCode: 0,
      created: this.#count,
      files: new Map(),
      volumes: this.#attachVolumes(body, image),
    });
    return { id, warnings: [] };
  }

  async startContainer(id: string) {
    const container = this.#get(id);
    await this.#call("startContainer", container.name);
    for (const network of Object.keys(container.body.NetworkingConfig.EndpointsConfig)) {
      if (!this.networks.has(network)) {
        throw new EngineError({ kind: "not-found", message: `network ${network} not found` });
      }
    }
    container.status = "running";
  }

  async stopContainer(id: string) {
    const container = this.#get(id);
    await this.#call("stopContainer", container.name);
    if (container.status === "running") container.status = "exited";
  }

  async restartContainer(id: string) {
    const container = this.#get(id);
    await this.#call("restartContainer", container.name);
    container.status = "running";
  }

  async removeContainer(id: string) {
    const container = this.byName(id);
    await this.#call("removeContainer", container?.name ?? id);
    if (container) this.containers.delete(container.id);
  }

  async renameContainer(id: string, name: string) {
    const container = this.#get(id);
    await this.#call("renameContainer", `${container.name} ${name}`);
    if (this.byName(name)) throw new EngineError({ kind: "conflict", message: `name ${name} is in use` });
    container.name = name;
  }

  async putArchive(id: string, _path: string, tar: NodeJS.ReadableStream) {
    const container = this.#get(id);
    await this.#call("putArchive", container.name);
    const entries = extract();
    tar.pipe(entries);
    for await (const entry of entries) container.files.set(`/${entry.header.name}`, await buffer(entry));
  }

  async getArchive(): Promise<NodeJS.ReadableStream> {
    throw new EngineError({ kind: "not-found", message: "no such path" });
  }

  async inspectImage(reference: string) {
    return this.images.get(reference);
  }

  async *pullImage(reference: string) {
    await this.#call("pullImage", reference);
    this.addImage(reference);
    yield { layer: "a", phase: "done" as const };
  }

  async removeImage(reference: string) {
    await this.#call("removeImage", reference);
    this.images.delete(reference);
  }

  async listNetworks(labels: readonly string[]) {
    return [...this.networks.values()].filter((network) => hasLabels(network.labels, labels));
  }

  async inspectNetwork(name: string) {
    return this.networks.get(name);
  }

  async createNetwork(body: Record<string, unknown> & { Name: string; Labels: Record<string, string> }) {
    await this.#call("createNetwork", body.Name);
    if (this.networks.has(body.Name)) throw new EngineError({ kind: "conflict", message: "network exists" });
    const network: NetworkDetails = {
      id: this.#nextId(),
      name: body.Name,
      driver: String(body.Driver),
      labels: body.Labels,
      internal: body.Internal === true,
      attachable: body.Attachable === true,
      enableIpv6: body.EnableIPv6 === true,
      options: (body.Options as Record<string, string> | undefined) ?? {},
      ipam: { config: [] },
      containerIds: [],
    };
    this.networks.set(body.Name, network);
    return { id: network.id };
  }

  async removeNetwork(id: string) {
    const network = [...this.networks.values()].find((candidate) => candidate.id === id);
    await this.#call("removeNetwork", network?.name ?? id);
    if (!network) return;
    const users = [...this.containers.values()].filter(
      ({ status, body }) => status === "running" && network.name in body.NetworkingConfig.EndpointsConfig,
    );
    if (users.length > 0)
      throw new EngineError({ kind: "conflict", message: "network has active endpoints" });
    this.networks.delete(network.name);
  }

  async listVolumes(labels: readonly string[]) {
    return [...this.volumes.values()].filter((volume) => hasLabels(volume.labels, labels));
  }

  async inspectVolume(name: string) {
    return this.volumes.get(name);
  }

  async createVolume(body: Record<string, unknown> & { Name: string; Labels: Record<string, string> }) {
    await this.#call("createVolume", body.Name);
    this.volumes.set(body.Name, {
      name: body.Name,
      driver: String(body.Driver ?? "local"),
      labels: body.Labels,
      options: (body.DriverOpts as Record<string, string> | undefined) ?? {},
      createdAt: "2026-01-01T00:00:00Z",
    });
  }

  async removeVolume(name: string) {
    await this.#call("removeVolume", name);
    this.volumes.delete(name);
  }

  async #call(call: string, target: string): Promise<void> {
    await this.beforeCall(`${call} ${target}`);
    this.calls.push(`${call} ${target}`);
  }

  #get(id: string): SimulatedContainer {
    const container = this.byName(id);
    if (!container) throw new EngineError({ kind: "not-found", message: `No such container: ${id}` });
    return container;
  }

  #nextId(): string {
    this.#count += 1;
    return this.#count.toString(16).padStart(12, "0").padEnd(64, "0");
  }

  /** Folders that the image declares as volumes and nothing covers get an anonymous one. */
  #attachVolumes(body: ContainerCreateBody, image: ImageDetails): Map<string, string> {
    const mounts = (body.HostConfig.Mounts ?? []) as { Type: string; Target: string; Source?: string }[];
    const attached = new Map<string, string>();
    for (const mount of mounts) {
      if (mount.Type === "volume") attached.set(mount.Target, mount.Source ?? this.#nextId());
    }
    const binds = ((body.HostConfig.Binds ?? []) as string[]).map((bind) => bind.split(":")[1]);
    for (const target of Object.keys((image.config.Volumes ?? {}) as object)) {
      if (!attached.has(target) && !binds.includes(target)) attached.set(target, this.#nextId());
    }
    return attached;
  }

  #describe(container: SimulatedContainer): ContainerDetails {
    const { body, image, id, status } = container;
    const { HostConfig, NetworkingConfig, ...config } = body;
    const base = image.config as { Env?: string[]; Cmd?: string[]; Labels?: object; Volumes?: object };
    const ownKeys = (body.Env ?? []).map((entry) => entry.split("=")[0]);
    const memory = Number(HostConfig.Memory ?? 0);
    const networks = Object.entries(NetworkingConfig.EndpointsConfig).map(([name, endpoint]) => [
      name,
      {
        ...endpoint,
        MacAddress: "02:42:ac:11:00:02",
        IPAddress: "",
        NetworkID: status === "created" ? "" : (this.networks.get(name)?.id ?? "gone"),
      },
    ]);
    return {
      Id: id,
      Name: `/${container.name}`,
      Created: new Date(container.created).toISOString(),
      Image: image.id,
      RestartCount: 0,
      State: {
        Status: status,
        Running: status === "running",
        OOMKilled: false,
        ExitCode: container.exitCode,
        Error: "",
        StartedAt: "",
        FinishedAt: "",
      },
      Config: {
        Hostname: id.slice(0, 12),
        ...config,
        Tty: Boolean(config.Tty),
        Env: [
          ...(body.Env ?? []),
          ...(base.Env ?? []).filter((entry) => !ownKeys.includes(entry.split("=")[0])),
        ],
        Cmd: config.Cmd ?? (config.Entrypoint === undefined ? (base.Cmd ?? null) : null),
        Labels: { ...base.Labels, ...body.Labels },
        Volumes: base.Volumes ?? null,
      },
      HostConfig: { ShmSize: 64 * 1024 ** 2, MemorySwap: 2 * memory, ...HostConfig },
      NetworkSettings: { Networks: Object.fromEntries(networks), Ports: {} },
      Mounts: [...container.volumes].map(([target, name]) => ({
        Type: "volume",
        Name: name,
        Source: "",
        Destination: target,
        RW: true,
      })),
    };
  }
}

function hasLabels(labels: Readonly<Record<string, string>>, wanted: readonly string[]): boolean {
  return wanted.every((entry) => {
    const [key = "", value] = entry.split("=");
    return value === undefined ? key in labels : labels[key] === value;
  });
}
