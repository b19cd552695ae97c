import { formatDuration } from "../compose/duration.js";
import { type ContainerShape, environmentKey, type HostShape, type MountShape } from "./container-shape.js";
import type { EngineHealthcheck } from "./health.js";
import { formatByteCount } from "./units.js";

/** Compose key -> value in words: two shapes with equal descriptions are the same container. */
export type Description = Readonly<Record<string, string>>;

/** Stands for a setting that this form of a payload cannot express: equal to anything. */
export const notShown = "(not shown)";

/** Labels that say who made the container and not what it is. */
const bookkeepingLabel = /^(com\.docker\.compose\.|desktop\.docker\.io\/|dev\.mybroker\.inline-files$)/;

/** The engine's defaults are left out, so that "unset" and "set to the default" are the same. */
export function describeShape(shape: ContainerShape): Description {
  const { config, host } = shape;
  const entries: Record<string, string | undefined> = {
    image: config.Image,
    command: list(config.Cmd),
    entrypoint: list(config.Entrypoint),
    user: text(config.User),
    working_dir: text(config.WorkingDir),
    // A shared network brings its owner's name along.
    hostname: /^(host$|container:)/.test(host.NetworkMode ?? "") ? notShown : text(config.Hostname),
    stop_signal: except(config.StopSignal, ["", "SIGTERM"]),
    stop_grace_period:
      config.StopTimeout === undefined ? undefined : except(`${config.StopTimeout}s`, ["10s"]),
    tty: flag(config.Tty),
    stdin_open: flag(config.OpenStdin),
    ...describeMap("environment", Object.fromEntries((config.Env ?? []).map(splitEnvironment))),
    ...describeMap("labels", withoutBookkeeping(config.Labels ?? {})),
    ...describeHealthcheck(config.Healthcheck),
    ...describePorts(config.ExposedPorts ?? {}, host.PortBindings ?? {}),
    ...describeMounts(host),
    ...describeImageVolumes(config.Volumes ?? {}, host),
    ...describeHost(host),
    ...describeEndpoints(shape),
  };
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function describeHost(host: HostShape): Record<string, string | undefined> {
  const retries = host.RestartPolicy?.MaximumRetryCount ?? 0;
  return {
    restart: except(`${host.RestartPolicy?.Name ?? ""}${retries > 0 ? `:${retries}` : ""}`, ["", "no"]),
    mem_limit: bytes(host.Memory),
    mem_reservation: bytes(host.MemoryReservation),
    // The engine sets swap to twice the memory by itself.
    memswap_limit: host.MemorySwap === 2 * (host.Memory ?? 0) ? undefined : bytes(host.MemorySwap),
    cpus: host.NanoCpus ? String(Math.round(host.NanoCpus / 1e5) / 1e4) : undefined,
    pids_limit: host.PidsLimit ? String(host.PidsLimit) : undefined,
    shm_size: host.ShmSize === 64 * 1024 ** 2 ? undefined : bytes(host.ShmSize),
    "logging.driver": except(host.LogConfig?.Type ?? "", ["", "json-file"]),
    extra_hosts: set(host.ExtraHosts),
    pid: except(host.PidMode ?? "", [""]),
    network_mode: /^(host|none|container:|service:)/.test(host.NetworkMode ?? "")
      ? host.NetworkMode
      : undefined,
    read_only: flag(host.ReadonlyRootfs),
    init: flag(host.Init),
    privileged: flag(host.Privileged),
    cap_add: set(host.CapAdd?.map(withoutCapPrefix)),
    cap_drop: set(host.CapDrop?.map(withoutCapPrefix)),
    dns: list(host.Dns),
    // Added by the engine itself to privileged containers.
    security_opt: set(host.SecurityOpt?.filter((option) => !(host.Privileged && option === "label=disable"))),
    ...describeMap("sysctls", host.Sysctls ?? {}),
    ...describeMap("logging.options", host.LogConfig?.Config ?? {}),
    ...describeMap(
      "ulimits",
      Object.fromEntries((host.Ulimits ?? []).map(({ Name, Soft, Hard }) => [Name, `${Soft}:${Hard}`])),
    ),
  };
}

function describeHealthcheck(
  health: EngineHealthcheck | null | undefined,
): Record<string, string | undefined> {
  if (!health?.Test?.length) return {};
  if (health.Test[0] === "NONE") return { "healthcheck.disable": "true" };
  return {
    "healthcheck.test": list(health.Test),
    "healthcheck.interval": duration(health.Interval, 30e9),
    "healthcheck.timeout": duration(health.Timeout, 30e9),
    "healthcheck.start_period": duration(health.StartPeriod, 0),
    "healthcheck.start_interval": duration(health.StartInterval, 5e9),
    "healthcheck.retries": health.Retries ? except(String(health.Retries), ["3"]) : undefined,
  };
}

function describePorts(
  exposed: NonNullable<ContainerShape["config"]["ExposedPorts"]>,
  bindings: NonNullable<HostShape["PortBindings"]>,
): Record<string, string | undefined> {
  const published = Object.entries(bindings).map(([target, hosts]) => {
    const places = (hosts ?? []).map(
      ({ HostIp, HostPort }) => `${HostIp ? `${HostIp}:` : ""}${HostPort || "any"}`,
    );
    return [`ports.${target}`, places.sort().join(", ")];
  });
  const onlyExposed = Object.keys(exposed)
    .map((target) => (target.includes("/") ? target : `${target}/tcp`))
    .filter((target) => !(target in bindings));
  return { ...Object.fromEntries(published), expose: set(onlyExposed) };
}

const anonymousName = /^[0-9a-f]{64}$/;

function describeMounts(host: HostShape): Record<string, string> {
  const described: Record<string, string> = {};
  for (const bind of host.Binds ?? []) {
    const { source, target, options } = splitBind(bind);
    const kind = source.startsWith("/") ? "bind" : "volume";
    const access = options.includes("ro") ? " ro" : "";
    described[`volumes.${target}`] = describeSource(kind, source) + access;
    const relabelling = options.find((option) => option === "z" || option === "Z");
    if (relabelling) described[`volumes.${target}.selinux`] = relabelling;
    const propagation = options.find((option) => /^r?(shared|slave|private)$/.test(option));
    if (propagation && propagation !== "rprivate") described[`volumes.${target}.propagation`] = propagation;
  }
  for (const mount of host.Mounts ?? []) Object.assign(described, describeMount(mount));
  for (const [target, options] of Object.entries(host.Tmpfs ?? {})) {
    described[`tmpfs.${target}`] = options || "default";
  }
  return described;
}

function describeMount(mount: MountShape): Record<string, string> {
  const { Type, Source = "", Target, ReadOnly, TmpfsOptions, VolumeOptions, BindOptions } = mount;
  const size = TmpfsOptions?.SizeBytes ? ` size ${formatByteCount(TmpfsOptions.SizeBytes)}` : "";
  const mode = TmpfsOptions?.Mode ? ` mode ${TmpfsOptions.Mode.toString(8)}` : "";
  const subpath = VolumeOptions?.Subpath ? ` subpath ${VolumeOptions.Subpath}` : "";
  const key = `volumes.${Target}`;
  return {
    // Compose drops the relabelling of a bind that it sends as a Mount.
    ...(Type === "bind" ? { [`${key}.selinux`]: notShown } : {}),
    [key]: describeSource(Type, Source) + subpath + size + mode + (ReadOnly ? " ro" : ""),
    ...(VolumeOptions?.NoCopy ? { [`${key}.nocopy`]: "true" } : {}),
    ...(BindOptions?.NonRecursive ? { [`${key}.recursive`]: "disabled" } : {}),
    ...(BindOptions?.Propagation && BindOptions.Propagation !== "rprivate"
      ? { [`${key}.propagation`]: BindOptions.Propagation }
      : {}),
  };
}

/** A volume that the engine named itself has no name in any file. */
function describeSource(type: string, source: string): string {
  if (type === "volume" && (source === "" || anonymousName.test(source))) return "volume (anonymous)";
  return source === "" ? type : `${type} ${source}`;
}

/** Folders for which the image wants a volume; a replacement may have inherited it by name. */
function describeImageVolumes(
  volumes: Readonly<Record<string, object>>,
  host: HostShape,
): Record<string, string> {
  const covered = new Set([
    ...(host.Binds ?? []).map((bind) => splitBind(bind).target),
    ...(host.Mounts ?? []).map((mount) => mount.Target),
    ...Object.keys(host.Tmpfs ?? {}),
  ]);
  return Object.fromEntries(
    Object.keys(volumes)
      .filter((target) => !covered.has(target))
      .map((target) => [`volumes.${target}`, "volume (anonymous)"]),
  );
}

/** "name:/target:ro,z" -> its parts; the target may also stand last. */
export function splitBind(bind: string): { source: string; target: string; options: string[] } {
  const [source = "", target = "", options = ""] = bind.split(":");
  return { source, target, options: options.split(",") };
}

function describeEndpoints(shape: ContainerShape): Record<string, string | undefined> {
  const described: Record<string, string | undefined> = {};
  if (shape.host.NetworkMode === "host" || shape.host.NetworkMode === "none") return described;
  for (const [name, endpoint] of Object.entries(shape.endpoints)) {
    const addresses = endpoint.IPAMConfig as
      | { IPv4Address?: string; IPv6Address?: string }
      | null
      | undefined;
    described[`networks.${name}`] = "attached";
    described[`networks.${name}.aliases`] = set(endpoint.Aliases);
    described[`networks.${name}.ipv4_address`] = text(addresses?.IPv4Address);
    described[`networks.${name}.ipv6_address`] = text(addresses?.IPv6Address);
    described[`networks.${name}.mac_address`] = text(endpoint.MacAddress as string | undefined);
  }
  return described;
}

function withoutBookkeeping(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !bookkeepingLabel.test(key)));
}

function splitEnvironment(entry: string): [string, string] {
  const key = environmentKey(entry);
  return [key, entry === key ? "(unset)" : entry.slice(key.length + 1)];
}

function describeMap(prefix: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}.${key}`, value]));
}

const withoutCapPrefix = (capability: string) => capability.toUpperCase().replace(/^CAP_/, "");
const list = (items: readonly string[] | null | undefined) =>
  items?.length ? JSON.stringify(items) : undefined;
const set = (items: readonly string[] | null | undefined) =>
  items?.length ? [...new Set(items)].sort().join(", ") : undefined;
const text = (value: string | undefined) => (value ? value : undefined);
const flag = (value: boolean | null | undefined) => (value ? "true" : undefined);
const bytes = (value: number | undefined) => (value ? formatByteCount(value) : undefined);
const except = (value: string | undefined, defaults: readonly string[]) =>
  value === undefined || defaults.includes(value) ? undefined : value;
const duration = (nanoseconds: number | undefined, engineDefault: number) =>
  !nanoseconds || nanoseconds === engineDefault ? undefined : formatDuration(BigInt(Math.round(nanoseconds)));
