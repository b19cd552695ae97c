import { readFileSync } from "node:fs";

/** Whether a process with this id runs, also another user's; one that only waits to be reaped does not. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return !isZombie(pid);
}

/** Only Linux tells: the state follows the name in parentheses, which may hold any character (man 5 proc_pid_stat). */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat[stat.lastIndexOf(")") + 2] === "Z";
  } catch {
    return false;
  }
}

/** A process as it is told from a later one with the same id. */
export interface ProcessMark {
  readonly pid: number;
  /** Its start, in clock ticks since boot; "" where there is no /proc. */
  readonly startedAt: string;
}

export function markProcess(pid: number): ProcessMark {
  return { pid, startedAt: readStart(pid) };
}

/** Whether it is still that process which runs, and not a later one with its id. */
export function isStillAlive({ pid, startedAt }: ProcessMark): boolean {
  if (!isProcessAlive(pid)) return false;
  const start = readStart(pid);
  return start === "" || startedAt === "" || start === startedAt;
}

/** Field 22 of /proc/PID/stat. */
function readStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
