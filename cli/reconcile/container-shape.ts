import type { ContainerCreateBody, ContainerDetails, EndpointSettings } from "../engine/engine.js";
import type { ImageDetails } from "../engine/images.js";
import type { EngineHealthcheck } from "./health.js";
import type { PortBinding } from "./ports.js";

/** A container as both a create payload and an inspect answer can be read; the engine's spelling. */
export interface ContainerShape {
  readonly config: {
    readonly Image?: string;
    readonly Hostname?: string;
    readonly User?: string;
    readonly WorkingDir?: string;
    readonly Tty?: boolean;
    readonly OpenStdin?: boolean;
    readonly StopSignal?: string;
    readonly StopTimeout?: number;
    readonly Cmd?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly Env?: readonly string[] | null;
    readonly Healthcheck?: EngineHealthcheck | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly ExposedPorts?: Readonly<Record<string, object>> | null;
    readonly Volumes?: Readonly<Record<string, object>> | null;
  };
  readonly host: HostShape;
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
}

export interface HostShape {
  readonly Binds?: readonly string[] | null;
  readonly Mounts?: readonly MountShape[] | null;
  readonly Tmpfs?: Readonly<Record<string, string>> | null;
  readonly NetworkMode?: string;
  readonly PortBindings?: Readonly<Record<string, readonly PortBinding[] | null>> | null;
  readonly RestartPolicy?: { readonly Name: string; readonly MaximumRetryCount?: number };
  readonly Memory?: number;
  readonly MemoryReservation?: number;
  readonly MemorySwap?: number;
  readonly NanoCpus?: number;
  readonly PidsLimit?: number | null;
  readonly Ulimits?: readonly { Name: string; Soft: number; Hard: number }[] | null;
  readonly LogConfig?: { readonly Type?: string; readonly Config?: Readonly<Record<string, string>> | null };
  readonly ExtraHosts?: readonly string[] | null;
  readonly ShmSize?: number;
  readonly PidMode?: string;
  readonly ReadonlyRootfs?: boolean;
  readonly Init?: boolean | null;
  readonly Privileged?: boolean;
  readonly CapAdd?: readonly string[] | null;
  readonly CapDrop?: readonly string[] | null;
  readonly Dns?: readonly string[] | null;
  readonly SecurityOpt?: readonly string[] | null;
  readonly Sysctls?: Readonly<Record<string, string>> | null;
}

export interface MountShape {
  readonly Type: string;
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
  readonly VolumeOptions?: { readonly NoCopy?: boolean; readonly Subpath?: string };
  readonly BindOptions?: { readonly Propagation?: string; readonly NonRecursive?: boolean };
}

export function shapeOfDetails(details: ContainerDetails): ContainerShape {
  const config = details.Config as ContainerShape["config"];
  // Without a hostname of its own a container gets its short id.
  const { Hostname, ...rest } = config;
  const given = Hostname !== undefined && !details.Id.startsWith(Hostname) ? { Hostname } : {};
  return {
    config: { ...rest, ...given },
    host: details.HostConfig as HostShape,
    endpoints: details.NetworkSettings.Networks,
  };
}

/**
 * The payload together with what the engine takes from the image for everything left unset
 * (moby daemon/commit.go, merge): what an inspect of a fresh container would answer.
 */
export function shapeOfBody(body: ContainerCreateBody, image: ImageDetails | undefined): ContainerShape {
  const { HostConfig, NetworkingConfig, ...own } = body;
  const config = own as ContainerShape["config"];
  const host = HostConfig as HostShape;
  const endpoints = NetworkingConfig.EndpointsConfig;
  const base = (image?.config ?? {}) as ContainerShape["config"];
  const setsEntrypoint = (config.Entrypoint?.length ?? 0) > 0;
  const setsCommand = (config.Cmd?.length ?? 0) > 0;
  return {
    config: {
      ...base,
      ...config,
      User: config.User || base.User || "",
      WorkingDir: config.WorkingDir || base.WorkingDir || "",
      StopSignal: config.StopSignal || base.StopSignal || "",
      Cmd: setsCommand || setsEntrypoint ? (config.Cmd ?? null) : (base.Cmd ?? null),
      Entrypoint: config.Entrypoint ?? base.Entrypoint ?? null,
      Env: mergeEnvironment(config.Env ?? [], base.Env ?? []),
      Healthcheck: mergeHealthcheck(config.Healthcheck, base.Healthcheck),
      Labels: { ...base.Labels, ...config.Labels },
      ExposedPorts: { ...base.ExposedPorts, ...config.ExposedPorts },
      Volumes: { ...base.Volumes },
    },
    host,
    endpoints,
  };
}

function mergeEnvironment(own: readonly string[], image: readonly string[]): string[] {
  const keys = new Set(own.map(environmentKey));
  return [...own, ...image.filter((entry) => !keys.has(environmentKey(entry)))];
}

/** "KEY=value" or a bare "KEY" -> "KEY" */
export function environmentKey(entry: string): string {
  const equals = entry.indexOf("=");
  return equals < 0 ? entry : entry.slice(0, equals);
}

function mergeHealthcheck(
  own: EngineHealthcheck | null | undefined,
  image: EngineHealthcheck | null | undefined,
): EngineHealthcheck | null {
  if (!own) return image ?? null;
  const given = Object.entries(own).filter(([, value]) =>
    Array.isArray(value) ? value.length > 0 : Boolean(value),
  );
  return { ...image, ...(Object.fromEntries(given) as EngineHealthcheck) };
}
