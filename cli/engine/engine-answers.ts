import type {
  ContainerState,
  ContainerSummary,
  EngineEvent,
  NetworkDetails,
  VolumeDetails,
} from "./engine.js";
import type { ImageDetails, ImageSummary } from "./images.js";

/** The engine writes null for an empty list or map. */
type Nullable<T> = T | null | undefined;
type Labels = Nullable<Record<string, string>>;

/** An entry of GET /containers/json. */
export interface ContainerListEntry {
  readonly Id: string;
  readonly Names: Nullable<readonly string[]>;
  readonly Image: string;
  readonly State: ContainerState;
  readonly Created: number;
  readonly Labels: Labels;
  readonly Ports: Nullable<
    readonly { IP?: string; PrivatePort: number; PublicPort?: number; Type: string }[]
  >;
}

export function toContainerSummary(entry: ContainerListEntry): ContainerSummary {
  const names = (entry.Names ?? []).map((name) => name.replace(/^\//, ""));
  return {
    id: entry.Id,
    // A linked container also has names like "/other/alias"; its own has no second slash.
    name: names.find((name) => !name.includes("/")) ?? names[0] ?? entry.Id,
    image: entry.Image,
    state: entry.State,
    createdAt: entry.Created,
    labels: entry.Labels ?? {},
    ports: (entry.Ports ?? []).map((port) => ({
      ...(port.IP !== undefined && { hostIp: port.IP }),
      ...(port.PublicPort !== undefined && { hostPort: port.PublicPort }),
      containerPort: port.PrivatePort,
      protocol: port.Type,
    })),
  };
}

/** GET /images/{name}/json. */
export interface ImageAnswer {
  readonly Id: string;
  readonly RepoTags: Nullable<readonly string[]>;
  readonly Size: number;
  readonly Config?: Nullable<Record<string, unknown> & { Labels?: Labels }>;
}

export function toImageDetails(answer: ImageAnswer): ImageDetails {
  return {
    id: answer.Id,
    tags: answer.RepoTags ?? [],
    sizeBytes: answer.Size,
    labels: answer.Config?.Labels ?? {},
    config: answer.Config ?? {},
  };
}

export function toImageSummary(entry: Omit<ImageAnswer, "Config"> & { Labels: Labels }): ImageSummary {
  return { id: entry.Id, tags: entry.RepoTags ?? [], sizeBytes: entry.Size, labels: entry.Labels ?? {} };
}

/** GET /networks/{id} and the entries of GET /networks. */
export interface NetworkAnswer {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly Labels: Labels;
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly EnableIPv6: boolean;
  readonly Options: Labels;
  readonly IPAM?: Nullable<{ Driver?: string; Config?: Nullable<readonly Record<string, string>[]> }>;
  readonly Containers?: Nullable<Record<string, unknown>>;
}

export function toNetworkDetails(answer: NetworkAnswer): NetworkDetails {
  return {
    id: answer.Id,
    name: answer.Name,
    driver: answer.Driver,
    labels: answer.Labels ?? {},
    internal: answer.Internal,
    attachable: answer.Attachable,
    enableIpv6: answer.EnableIPv6,
    options: answer.Options ?? {},
    ipam: {
      ...(answer.IPAM?.Driver !== undefined && { driver: answer.IPAM.Driver }),
      config: answer.IPAM?.Config ?? [],
    },
    containerIds: Object.keys(answer.Containers ?? {}),
  };
}

/** GET /volumes/{name} and the entries of GET /volumes and GET /system/df. */
export interface VolumeAnswer {
  readonly Name: string;
  readonly Driver: string;
  readonly Labels: Labels;
  readonly Options: Labels;
  readonly CreatedAt?: string;
  readonly UsageData?: Nullable<{ readonly Size: number }>;
}

export function toVolumeDetails(answer: VolumeAnswer): VolumeDetails {
  return {
    name: answer.Name,
    driver: answer.Driver,
    labels: answer.Labels ?? {},
    options: answer.Options ?? {},
    createdAt: answer.CreatedAt ?? "",
  };
}

/** A line of GET /events. */
export interface EventLine {
  readonly Type?: string;
  readonly Action?: string;
  readonly Actor?: Nullable<{ readonly ID?: string; readonly Attributes?: Labels }>;
  readonly time?: number;
  readonly timeNano?: number;
}

export function toEngineEvent(line: EventLine): EngineEvent {
  // timeNano exceeds 2^53: JSON.parse rounds it to 256 ns, which milliseconds do not see.
  const timeMs = line.timeNano ? Math.floor(line.timeNano / 1e6) : (line.time ?? 0) * 1000;
  return {
    type: line.Type ?? "",
    action: line.Action ?? "",
    id: line.Actor?.ID ?? "",
    attributes: line.Actor?.Attributes ?? {},
    timeMs,
  };
}
