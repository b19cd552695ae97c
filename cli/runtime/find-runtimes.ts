import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { locateStateFolder } from "../env/state-folder.js";
import type { Context } from "../kernel/context.js";
import { isProcessAlive } from "../kernel/process-alive.js";
import type { PortConflict } from "../preflight/ports.js";

/** An embedded runtime of this user, in whatever folder; it need not run. */
export interface KnownRuntime {
  readonly name: string;
  /** Of the project. */
  readonly folder: string;
  /** Of the process that had its data last, while a process of that number lives. */
  readonly pid: number | undefined;
  /** Its folder holds no other, so that the name need not be said there. */
  readonly alone: boolean;
}

/** All of them, from what their `up` left in the state folder; a part that cannot be read is none. */
export function findRuntimes(context: Context): KnownRuntime[] {
  const root = attempt(() => join(locateStateFolder(context), "projects")) ?? "";
  return list(root).flatMap((entry) => {
    const { folder } = readJson(join(root, entry, "folder.json")) as { folder?: string };
    const names = list(join(root, entry, "embedded"));
    if (typeof folder !== "string") return [];
    return names.map((name): KnownRuntime => {
      const { pid } = readJson(join(root, entry, "embedded", name, "data", "owner.json")) as { pid?: number };
      const alive = typeof pid === "number" && isProcessAlive(pid);
      return { name, folder, pid: alive ? pid : undefined, alone: names.length === 1 };
    });
  });
}

/** Ports that another project's embedded runtime has are told as such, with the command that ends it. */
export function nameRuntimes(conflicts: readonly PortConflict[], context: Context): PortConflict[] {
  if (conflicts.length === 0) return [];
  const runtimes = findRuntimes(context);
  return conflicts.map((conflict) => {
    const { holder } = conflict;
    if (holder.kind !== "process" || holder.pid === undefined) return conflict;
    const found = runtimes.find(({ pid }) => pid === holder.pid);
    return found === undefined
      ? conflict
      : { ...conflict, holder: { ...found, kind: "runtime", pid: holder.pid } };
  });
}

function list(folder: string): string[] {
  return attempt(() => readdirSync(folder)) ?? [];
}

function readJson(path: string): object {
  const value: unknown = attempt(() => JSON.parse(readFileSync(path, "utf8")));
  return typeof value === "object" && value !== null ? value : {};
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
