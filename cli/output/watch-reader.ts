import { fstatSync, lstatSync, readdirSync, readlinkSync } from "node:fs";
import type { Writable } from "node:stream";

const lookMs = 200;

/**
 * Ends a pipe with EPIPE when nobody reads it any more, which is told only with the next write otherwise: `| head -1`
 * is not kept waiting for a message that may never come. Where the readers cannot be seen (no /proc, another user's
 * process) the next write tells.
 * @returns stops looking
 */
export function watchReader(stdout: Writable): () => void {
  const { fd } = stdout as { readonly fd?: number };
  if (fd === undefined || !fstatSync(fd).isFIFO()) return () => {};
  const pipe = linkOf(`/proc/self/fd/${fd}`);
  let reader = findReader(pipe);
  if (reader === undefined) return () => {};
  const timer = setInterval(() => {
    if (reader !== undefined && isThere(reader, pipe)) return;
    reader = findReader(pipe);
    if (reader !== undefined) return;
    clearInterval(timer);
    stdout.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** proc(5): /proc/PID/fd has a link for each open file, whose mode says whether that is open for reading. */
function findReader(pipe: string | undefined): string | undefined {
  if (pipe === undefined) return undefined;
  const distance = (pid: string) => Math.abs(Number(pid) - process.pid);
  // A shell starts the programs of a pipe one after the other: the first looked at is nearly always it.
  const processes = list("/proc").filter((name) => /^\d+$/.test(name));
  for (const pid of processes.sort((one, other) => distance(one) - distance(other))) {
    const files = list(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`);
    const found = files.find((file) => linkOf(file) === pipe && isForReading(file));
    if (found !== undefined) return found;
  }
  return undefined;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** "pipe:[4711]"; undefined where there is no such file, or none that may be looked at. */
function linkOf(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}

function isForReading(file: string): boolean {
  return ((lstatSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o400) !== 0;
}

/** Who became another user's process since, as sudo does, is still there. */
function isThere(file: string, pipe: string | undefined): boolean {
  try {
    return readlinkSync(file) === pipe;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}
