import { createHash } from "node:crypto";
import { readdir, readFile, realpath, rm } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { Context } from "../kernel/context.js";
import { writeFileAtomically } from "./atomic-write.js";
import { makeFolder } from "./make-folder.js";

const keptBackups = 20;

export interface EnvBackup {
  readonly path: string;
  /** RFC 3339, when it was saved. */
  readonly savedAt: string;
}

/**
 * What the CLI remembers about a project's folder outside of it, where `git clean -fdx` does not reach: backups of
 * .env and small JSON records (one per project name where they speak of engine objects). Folders are 0700, files
 * 0600.
 */
export interface ProjectState {
  readonly folder: string;
  /** Keeps a copy of a .env unless the newest backup is the same; the newest 20 stay. Returns its path. */
  saveEnvBackup(text: string): Promise<string>;
  /** Newest first. */
  listEnvBackups(): Promise<EnvBackup[]>;
  /** undefined where nothing was recorded, or what was recorded cannot be read. */
  readRecord(name: string): Promise<unknown>;
  writeRecord(name: string, value: unknown): Promise<void>;
  /** No failure where there is none, or it cannot be removed. */
  removeRecord(name: string): Promise<void>;
  /** All but the backups of .env, and the lock of whoever asks. */
  removeNotes(): Promise<void>;
}

type StateContext = Pick<Context, "env" | "homeDir" | "platform" | "now">;

/**
 * The per-user folder: $XDG_STATE_HOME/mybroker, ~/.local/state/mybroker (XDG Base Directory Specification), on
 * macOS ~/Library/Application Support/mybroker. Throws (exit 3) where there is no home to put it in.
 */
export function locateStateFolder(context: StateContext): string {
  const chosen = context.env.XDG_STATE_HOME;
  // The specification: a relative path is to be ignored.
  if (chosen !== undefined && isAbsolute(chosen)) return join(chosen, "mybroker");
  if (!isAbsolute(context.homeDir)) throw noStateFolder("HOME is not set", undefined);
  if (context.platform === "darwin")
    return join(context.homeDir, "Library", "Application Support", "mybroker");
  return join(context.homeDir, ".local", "state", "mybroker");
}

/** The state of the project in this folder; nothing is created before the first write. */
export async function openProjectState(context: StateContext, projectFolder: string): Promise<ProjectState> {
  const root = locateStateFolder(context);
  const place = await realpath(projectFolder).catch(() => projectFolder);
  const digest = createHash("sha256").update(place).digest("hex").slice(0, 8);
  const folder = join(root, "projects", `${basename(place) || "root"}-${digest}`);
  const backups = join(folder, "env");
  const record = (name: string) => join(folder, `${name}.json`);
  return {
    folder,
    saveEnvBackup: (text) => guard(() => saveBackup(backups, text, context.now())),
    listEnvBackups: () => listBackups(backups),
    readRecord: async (name) => {
      const text = await readFile(record(name), "utf8").catch(() => "");
      return parseJson(text);
    },
    writeRecord: (name, value) =>
      guard(async () => {
        makeFolder(folder, 0o700);
        const text = `${JSON.stringify(value, undefined, 2)}\n`;
        await writeFileAtomically({ path: record(name), text, existing: "replace" });
      }),
    removeRecord: (name) => rm(record(name), { force: true }).catch(() => {}),
    removeNotes: async () => {
      for (const name of await readdir(folder).catch(() => [])) {
        if (name === basename(backups) || name === "lock") continue;
        await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
      }
    },
  };
}

async function saveBackup(folder: string, text: string, nowMs: number): Promise<string> {
  makeFolder(folder, 0o700);
  const earlier = await listBackups(folder);
  const newest = earlier[0];
  if (newest !== undefined && (await readFile(newest.path, "utf8").catch(() => undefined)) === text)
    return newest.path;
  // A clock that was set back must not make the new copy look older than the ones before.
  const newestMs = newest === undefined ? 0 : Date.parse(newest.savedAt);
  const savedAt = new Date(Math.max(nowMs, newestMs + 1)).toISOString();
  const path = join(folder, `${savedAt.replaceAll(":", "-")}.env`);
  await writeFileAtomically({ path, text, existing: "replace" });
  for (const old of earlier.slice(keptBackups - 1)) await rm(old.path, { force: true });
  return path;
}

async function listBackups(folder: string): Promise<EnvBackup[]> {
  const names = await readdir(folder).catch(() => []);
  const backups: EnvBackup[] = [];
  for (const name of names.sort().reverse()) {
    const match = /^(\d{4}-\d{2}-\d{2}T\d{2})-(\d{2})-(\d{2}\.\d{3}Z)\.env$/.exec(name);
    if (match !== null)
      backups.push({ path: join(folder, name), savedAt: `${match[1]}:${match[2]}:${match[3]}` });
  }
  return backups;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A record is a memory aid: one that is damaged counts as none.
    return undefined;
  }
}

async function guard<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw noStateFolder((error as Error).message, error);
  }
}

function noStateFolder(reason: string, cause: unknown): MybrokerError {
  return new MybrokerError({
    code: "state.unavailable",
    message: `There is no folder for what mybroker keeps (backups of .env): ${reason}.`,
    hint: "Name one that you can write:  export XDG_STATE_HOME=/path/to/folder",
    exitCode: exitCodes.machine,
    cause,
  });
}
