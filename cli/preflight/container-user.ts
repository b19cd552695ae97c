import type { Stats } from "node:fs";
import type { ServerKind, Service } from "../compose/model.js";

/** Who a container's program runs as, as far as the host's permission bits are concerned. */
export type ContainerUser =
  | { readonly kind: "root" }
  /** uid and gid only where they are known and mean the same on the host. */
  | { readonly kind: "other"; readonly uid?: number; readonly gid?: number };

/** The entry points of these servers' official images give root up before the server starts. */
const dropsRoot: ReadonlySet<ServerKind> = new Set(["mysql", "postgres", "mongodb", "redis", "rabbitmq"]);

export interface UserQuestion {
  readonly service: Service;
  /** USER of the image; undefined while the image is not here. */
  readonly imageUser: string | undefined;
  /** In a rootless engine only the container's root is a user that the host knows: the engine's own. */
  readonly rootless: boolean;
}

/**
 * From `user:` or the image's USER. While the image is not here, a server that x-mybroker describes counts as
 * unprivileged, as all images of the shipped stack are; of any other service nothing is known, so it is not judged.
 */
export function resolveContainerUser({ service, imageUser, rootless }: UserQuestion): ContainerUser {
  const kind = service["x-mybroker"]?.kind;
  const stated = service.user ?? imageUser ?? (kind === undefined ? "0" : "unknown");
  const [name = "", group = ""] = stated.split(":");
  const isRoot = name === "" || name === "0" || name === "root";
  if (isRoot) return kind !== undefined && dropsRoot.has(kind) ? { kind: "other" } : { kind: "root" };
  if (rootless) return { kind: "other" };
  return {
    kind: "other",
    ...(isNumber(name) ? { uid: Number(name) } : {}),
    ...(isNumber(group) ? { gid: Number(group) } : {}),
  };
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

type FileStatus = Pick<Stats, "uid" | "gid" | "mode" | "isDirectory">;

/** Whether that user may read the file, or enter and list the folder: by the first class that fits, as in POSIX. */
export function mayUse(user: ContainerUser, status: FileStatus): boolean {
  if (user.kind === "root") return true;
  const shift = user.uid === status.uid ? 6 : user.gid === status.gid ? 3 : 0;
  const needed = status.isDirectory() ? 0o5 : 0o4;
  return ((status.mode >> shift) & needed) === needed;
}
