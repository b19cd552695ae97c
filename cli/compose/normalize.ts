import type { Dependency, FileReference, Mount, Network, Service, Volume } from "./model.js";
import { type PathBase, resolveContext, resolvePath } from "./resolve-paths.js";

/** Sections of a merged file, short forms resolved, before the defaults that Compose adds. */
export interface MergedFile {
  services: Record<string, Service>;
  networks?: Record<string, Partial<Network> | null>;
  volumes?: Record<string, Partial<Volume> | null>;
  configs?: Record<string, { name?: string; file?: string; external?: boolean }>;
  secrets?: Record<string, { name?: string; file?: string; external?: boolean }>;
}

export interface NormalizeContext extends PathBase {
  readonly projectName: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Adds what Compose adds: names, the default network, implied dependencies, absolute paths, passed-on variables. */
export function normalize(file: MergedFile, context: NormalizeContext): Required<MergedFile> {
  const services = mapValues(file.services, (service) => normalizeService(service, context));
  const usesDefault = Object.values(services).some((service) => service.networks?.default !== undefined);
  const networks: Record<string, Partial<Network> | null> = {
    ...(usesDefault ? { default: null } : {}),
    ...file.networks,
  };
  return {
    services,
    networks: mapValues(networks, (network, key) => ({
      ipam: {},
      ...network,
      ...named(network, key, context),
    })),
    volumes: mapValues(file.volumes ?? {}, (volume, key) => normalizeVolume({ ...volume }, key, context)),
    configs: mapValues(file.configs ?? {}, (config, key) => normalizeFileObject(config, key, context)),
    secrets: mapValues(file.secrets ?? {}, (secret, key) => normalizeFileObject(secret, key, context)),
  };
}

function mapValues<From, To>(
  record: Record<string, From>,
  map: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}

function named(
  resource: { name?: string; external?: boolean } | null | undefined,
  key: string,
  context: NormalizeContext,
): { name: string } {
  if (resource?.name) return { name: resource.name };
  return { name: resource?.external === true ? key : `${context.projectName}_${key}` };
}

function normalizeService(service: Service, context: NormalizeContext): Service {
  const result: Service = {
    ...service,
    command: service.command ?? null,
    entrypoint: service.entrypoint ?? null,
  };
  if (service.pull_policy === "if_not_present") result.pull_policy = "missing";
  if (service.network_mode === undefined && Object.keys(service.networks ?? {}).length === 0) {
    result.networks = { default: null };
  }
  if (service.environment !== undefined)
    result.environment = passOn(service.environment, context.environment);
  if (service.volumes !== undefined)
    result.volumes = service.volumes.map((mount) => resolveMount(mount, context));
  if (service.secrets !== undefined) result.secrets = service.secrets.map(addSecretTarget);
  normalizeBuild(result, context);
  const dependencies = collectDependencies(service);
  if (Object.keys(dependencies).length > 0) result.depends_on = dependencies;
  return result;
}

/** A variable without a value takes that of the environment; where that has none it stays unset. */
function passOn(
  environment: Readonly<Record<string, string | null>>,
  values: Readonly<Record<string, string>>,
): Record<string, string | null> {
  return mapValues({ ...environment }, (value, name) => value ?? values[name] ?? null);
}

function resolveMount(mount: Mount, base: PathBase): Mount {
  return mount.type === "bind" && mount.source !== undefined
    ? { ...mount, source: resolvePath(mount.source, base) }
    : mount;
}

function addSecretTarget(reference: FileReference): FileReference {
  const { source, target = `/run/secrets/${source}`, ...rest } = reference;
  return { source, target, ...rest };
}

function normalizeBuild(service: Service, context: NormalizeContext): void {
  if (service.build === undefined) return;
  const build = { ...service.build, context: resolveContext(service.build.context ?? ".", context) };
  if (build.dockerfile === undefined && build.dockerfile_inline === undefined)
    build.dockerfile = "Dockerfile";
  if (build.args !== undefined) {
    const known = Object.entries(passOn(build.args, context.environment)).filter(
      ([, value]) => value !== null,
    );
    build.args = Object.fromEntries(known);
    if (known.length === 0) delete build.args;
  }
  service.build = build;
}

/** Sharing another service's network or process space implies that it is there first. */
function collectDependencies(service: Service): Record<string, Dependency> {
  const dependencies: Record<string, Dependency> = mapValues(service.depends_on ?? {}, (dependency) => ({
    ...dependency,
    required: dependency.required ?? true,
  }));
  for (const reference of [service.network_mode, service.pid]) {
    const name = /^service:(.+)$/.exec(reference ?? "")?.[1];
    if (name === undefined || dependencies[name] !== undefined) continue;
    dependencies[name] = { condition: "service_started", restart: true, required: true };
  }
  return dependencies;
}

function normalizeVolume(volume: Partial<Volume>, key: string, context: NormalizeContext): Volume {
  const options = volume.driver_opts;
  const isBind = volume.driver === "local" && options?.o === "bind" && options.device !== undefined;
  if (isBind) volume.driver_opts = { ...options, device: resolvePath(options.device ?? "", context) };
  return { ...volume, ...named(volume, key, context) };
}

function normalizeFileObject<Item extends { name?: string; file?: string; external?: boolean }>(
  item: Item,
  key: string,
  context: NormalizeContext,
): Item & { name: string } {
  const file = item.file === undefined ? {} : { file: resolvePath(item.file, context) };
  return { ...item, ...file, ...named(item, key, context) };
}
