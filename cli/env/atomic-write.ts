import { randomBytes } from "node:crypto";
import { link, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isProcessAlive } from "../kernel/process-alive.js";

export interface AtomicWrite {
  readonly path: string;
  readonly text: string;
  /** Octal; 0600 unless told. */
  readonly mode?: number;
  /** "create" fails with EEXIST where the file has appeared meanwhile; "replace" takes its place. */
  readonly existing: "create" | "replace";
  /** Owner of the new file; only root can give files away. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * Writes a file so that at every moment its path holds nothing, the whole old or the whole new text: a temporary
 * file in the same folder, fsync, then link or rename, then fsync of the folder. A failure (full disk) leaves
 * no temporary file; what a killed run left behind is swept by the next one. Throws what the file system threw.
 */
export async function writeFileAtomically(write: AtomicWrite): Promise<void> {
  const folder = dirname(write.path);
  const prefix = `${basename(write.path)}.tmp-`;
  await sweepLeftovers(folder, prefix);
  const temporary = join(folder, `${prefix}${process.pid}-${randomBytes(4).toString("hex")}`);
  try {
    await writeDurably(temporary, write);
    if (write.existing === "replace") await rename(temporary, write.path);
    else await linkOrRename(temporary, write.path);
    await syncFolder(folder);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeDurably(path: string, write: AtomicWrite): Promise<void> {
  const mode = write.mode ?? 0o600;
  const file = await open(path, "wx", mode);
  try {
    // The umask may have taken bits away, never from 0600; a wider mode has to be asked for again.
    if ((mode & 0o077) !== 0) await file.chmod(mode);
    // Best effort: root in a user namespace or on a network file system may not give files away.
    if (write.owner !== undefined) await file.chown(write.owner.uid, write.owner.gid).catch(() => undefined);
    await file.writeFile(write.text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** link() is the one call that puts a whole file in place only if nothing is there; some file systems have none. */
async function linkOrRename(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS") throw error;
    await rename(temporary, path);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  // Not every file system can sync a folder; the file itself is safe already.
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

async function sweepLeftovers(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isInteger(pid) && !isProcessAlive(pid)) await rm(join(folder, name), { force: true });
  }
}
