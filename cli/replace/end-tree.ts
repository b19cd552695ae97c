import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const graceMs = 5_000;
const lookMs = 50;

/** Ends a process and all that it has started: asks first, and kills what is left after 5 s. */
export async function endTree(pid: number): Promise<void> {
  const members = await listTree(pid);
  signalAll(members, "SIGTERM");
  const deadlineMs = Date.now() + graceMs;
  while (members.some(isAlive) && Date.now() < deadlineMs) await pause(lookMs);
  signalAll(members, "SIGKILL");
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's, then, and alive.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function signalAll(members: readonly number[], signal: NodeJS.Signals): void {
  for (const member of members) {
    try {
      process.kill(member, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Parents first. A shell that runs the command, or npm, does not hand on what ends it. */
async function listTree(root: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]).catch(() => ({
    stdout: "",
  }));
  const pairs = stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((pair) => pair.length === 2);
  const tree = [root];
  for (const parent of tree) {
    tree.push(...pairs.filter(([, ppid]) => ppid === parent).map(([pid = 0]) => pid));
  }
  return tree;
}
