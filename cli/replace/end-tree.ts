import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { isStillAlive, markProcess, type ProcessMark } from "../kernel/process-alive.js";

const graceMs = 5_000;
const lookMs = 50;

/** Ends a process and all that it has started: asks first, and kills what is left after 5 s. */
export async function endTree(root: ProcessMark): Promise<void> {
  const members = (await listTree(root)).map(markProcess);
  signalAll(members, "SIGTERM");
  const deadlineMs = Date.now() + graceMs;
  while (members.some(isStillAlive) && Date.now() < deadlineMs) await pause(lookMs);
  signalAll(members, "SIGKILL");
}

function signalAll(members: readonly ProcessMark[], signal: NodeJS.Signals): void {
  for (const member of members.filter(isStillAlive)) {
    try {
      process.kill(member.pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

type Parentage = readonly [pid: number, parent: number];

/** Parents first. A shell that runs the command, or npm, does not hand on what ends it. */
async function listTree(root: ProcessMark): Promise<number[]> {
  if (!isStillAlive(root)) return [];
  const pairs = (await readProc()) ?? (await askPs());
  const tree = [root.pid];
  for (const parent of tree) {
    tree.push(...pairs.filter(([, ppid]) => ppid === parent).map(([pid]) => pid));
  }
  return tree;
}

/** undefined where there is no /proc. Slim Linux images have no ps. */
async function readProc(): Promise<Parentage[] | undefined> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  if (pids.length === 0) return undefined;
  const pairs = pids.map(async (pid): Promise<Parentage> => {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
    return [Number(pid), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])];
  });
  return Promise.all(pairs);
}

async function askPs(): Promise<Parentage[]> {
  const asked = promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
  const { stdout } = await asked.catch(() => ({ stdout: "" }));
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  return rows.map(([pid = 0, ppid = 0]) => [pid, ppid]);
}
