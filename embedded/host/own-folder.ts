import { accessSync, constants, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { embeddedDataVersion } from "../../contracts/embedded-control.js";
import { Database } from "../../kit/drivers/libsql.js";
import { StartError } from "./start-error.js";

/**
 * Makes this process the folder's only owner until it ends, whatever ends it: the lock is SQLite's, held by the
 * operating system, so that nothing stale can be left behind.
 * @returns what lets go of it earlier; to be kept, because a lock that is garbage is none
 * @throws StartError OWNED with the owner's pid, DATA_NEWER, DATA_DAMAGED; what the file system says otherwise
 */
export function ownFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ownerPath = join(folder, "owner.json");
  accessSync(folder, constants.W_OK);
  // Opened as a plain file first: SQLite says of every refusal only that it cannot open it.
  writeFileSync(join(folder, "owner.lock"), "", { flag: "a", mode: 0o600 });
  const lock = new Database(join(folder, "owner.lock"));
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    const { code, message: text } = error as { code?: string; message: string };
    if (code !== "SQLITE_BUSY") throw Object.assign(new Error(`${folder}: ${text}`), { code });
    const { pid } = (readJson(ownerPath) ?? {}) as { pid?: number };
    const message = `another mybroker runtime${pid === undefined ? "" : ` (pid ${pid})`} owns ${folder}`;
    throw new StartError([{ code: "OWNED", message, service: null, ...(pid === undefined ? {} : { pid }) }]);
  }
  checkVersion(join(folder, "version.json"));
  writeJson(ownerPath, { pid: process.pid });
  return () => lock.close();
}

function checkVersion(path: string): void {
  const found = readJson(path);
  if (found === undefined) {
    writeJson(path, { dataVersion: embeddedDataVersion });
    return;
  }
  const version = (found as { dataVersion?: unknown } | null)?.dataVersion;
  if (version === embeddedDataVersion) return;
  const newer = typeof version === "number" && version > embeddedDataVersion;
  const message = newer
    ? `${path} says that the data has version ${version}; this mybroker knows ${embeddedDataVersion}`
    : `${path} is damaged: it names no version of the data`;
  throw new StartError([{ code: newer ? "DATA_NEWER" : "DATA_DAMAGED", message, service: null }]);
}

/** undefined where there is no such file; null where it is no JSON. */
function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function writeJson(path: string, value: unknown): void {
  const aside = `${path}.new`;
  writeFileSync(aside, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(aside, path);
}
