import type { Mount, Project, Service } from "../compose/model.js";
import type { FileMount } from "./inline-files.js";

export interface MountSettings {
  /** "source:target:rw,options" */
  readonly Binds: string[];
  readonly Mounts: Record<string, unknown>[];
  readonly Tmpfs: Record<string, string>;
}

/** Old anonymous volumes by their target, which a replacement takes over. */
export type AnonymousVolumes = ReadonlyMap<string, string>;

/**
 * Volumes, binds and tmpfs in the form that Compose sends (compose-go's Binds where they suffice, else Mounts).
 * One difference: a bind with `selinux` goes to Binds also with create_host_path: false, because Mounts have no
 * relabelling; the executor then checks the source itself (`requiredHostPaths`).
 */
export function buildMounts(facts: {
  project: Project;
  service: Service;
  fileMounts: readonly FileMount[];
  inherited: AnonymousVolumes;
}): MountSettings {
  const { project, service, fileMounts, inherited } = facts;
  const Binds: string[] = [];
  const Mounts: Record<string, unknown>[] = [];
  const taken = new Set<string>();
  for (const mount of service.volumes ?? []) {
    taken.add(mount.target);
    const bind = toBind(project, mount);
    if (bind !== undefined) Binds.push(bind);
    else Mounts.push(toMount(project, mount, inherited));
  }
  for (const [target, name] of inherited) {
    if (!taken.has(target)) Mounts.push({ Type: "volume", Source: name, Target: target });
  }
  for (const file of fileMounts) {
    Mounts.push({ Type: "bind", Source: file.source, Target: file.target, ReadOnly: true });
  }
  return { Binds, Mounts, Tmpfs: buildTmpfs(service) };
}

function toBind(project: Project, mount: Mount): string | undefined {
  const source = mount.type === "volume" ? namedVolume(project, mount) : mount.source;
  if (source === undefined || needsMountForm(mount)) return undefined;
  const options = [mount.read_only ? "ro" : "rw"];
  if (mount.bind?.selinux) options.push(mount.bind.selinux);
  if (mount.bind?.propagation) options.push(mount.bind.propagation);
  return `${source}:${mount.target}:${options.join(",")}`;
}

function needsMountForm(mount: Mount): boolean {
  if (mount.type === "volume") {
    const { nocopy, subpath, labels } = mount.volume ?? {};
    return Boolean(nocopy || subpath || Object.keys(labels ?? {}).length > 0);
  }
  if (mount.type !== "bind") return true;
  return Boolean(mount.bind?.recursive) || (mustExist(mount) && !mount.bind?.selinux);
}

/** Compose's resolved form leaves a false out, and without `bind` at all the engine makes the folder. */
function mustExist({ bind }: Mount): boolean {
  return bind !== undefined && bind.create_host_path !== true;
}

function namedVolume(project: Project, mount: Mount): string | undefined {
  if (mount.source === undefined) return undefined;
  return project.volumes[mount.source]?.name ?? mount.source;
}

function toMount(project: Project, mount: Mount, inherited: AnonymousVolumes): Record<string, unknown> {
  const source =
    mount.type === "volume" ? (namedVolume(project, mount) ?? inherited.get(mount.target)) : mount.source;
  return {
    Type: mount.type,
    Target: mount.target,
    ...(source === undefined ? {} : { Source: source }),
    ...(mount.read_only ? { ReadOnly: true } : {}),
    ...typeOptions(mount),
  };
}

function typeOptions(mount: Mount): Record<string, unknown> {
  if (mount.type === "bind") {
    const { propagation, recursive, create_host_path } = mount.bind ?? {};
    return {
      BindOptions: {
        ...(propagation ? { Propagation: propagation } : {}),
        ...(create_host_path === true ? { CreateMountpoint: true } : {}),
        ...(recursive === "disabled" ? { NonRecursive: true } : {}),
        ...(recursive === "readonly" ? { ReadOnlyForceRecursive: true } : {}),
        ...(recursive === "writable" ? { ReadOnlyNonRecursive: true } : {}),
      },
    };
  }
  if (mount.type === "volume" && mount.volume) {
    const { nocopy, subpath, labels } = mount.volume;
    return {
      VolumeOptions: {
        ...(nocopy ? { NoCopy: true } : {}),
        ...(subpath ? { Subpath: subpath } : {}),
        ...(labels ? { Labels: labels } : {}),
      },
    };
  }
  if (mount.type === "tmpfs" && mount.tmpfs) {
    const { size, mode } = mount.tmpfs;
    return {
      TmpfsOptions: {
        ...(size ? { SizeBytes: Number(size) } : {}),
        ...(mode ? { Mode: mode } : {}),
      },
    };
  }
  return {};
}

/** "/run:size=1m" -> {"/run": "size=1m"} */
function buildTmpfs(service: Service): Record<string, string> {
  return Object.fromEntries(
    (service.tmpfs ?? []).map((entry) => {
      const colon = entry.indexOf(":");
      return colon < 0 ? [entry, ""] : [entry.slice(0, colon), entry.slice(colon + 1)];
    }),
  );
}

/** Host paths that must exist before the engine is asked, because the Binds form would make an empty folder. */
export function requiredHostPaths(service: Service): string[] {
  return (service.volumes ?? [])
    .filter((mount) => mount.type === "bind" && mustExist(mount) && mount.bind?.selinux)
    .flatMap((mount) => mount.source ?? []);
}
