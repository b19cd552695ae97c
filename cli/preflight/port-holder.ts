import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";

/** A process that listens on a port, as far as this user may see it. */
export interface ListeningProcess {
  readonly kind: "process";
  readonly pid?: number;
  readonly name?: string;
  /** Numeric user id of the socket; known on Linux also where the process is another user's. */
  readonly uid?: number;
  /** The systemd unit that would start it again: "mysql.service". */
  readonly unit?: string;
}

interface Socket {
  readonly port: number;
  readonly inode: string;
  readonly uid: number;
}

const listenState = "0A";

/**
 * Who holds these ports: from /proc on Linux, from lsof elsewhere. A port without an entry is held by nobody that
 * can be seen.
 */
export async function findListeners(
  ports: readonly number[],
  protocol: "tcp" | "udp",
  platform: NodeJS.Platform,
): Promise<Map<number, ListeningProcess>> {
  if (ports.length === 0) return new Map();
  return platform === "linux" ? findInProc(new Set(ports), protocol) : findWithLsof(ports, protocol);
}

async function findInProc(
  ports: ReadonlySet<number>,
  protocol: "tcp" | "udp",
): Promise<Map<number, ListeningProcess>> {
  const tables = await Promise.all(
    [`/proc/net/${protocol}`, `/proc/net/${protocol}6`].map((path) => readFile(path, "utf8").catch(() => "")),
  );
  const sockets = tables
    .flatMap((table) => parseSocketTable(table, protocol))
    .filter(({ port }) => ports.has(port));
  const owners = await findSocketOwners(new Set(sockets.map(({ inode }) => inode)));
  const result = new Map<number, ListeningProcess>();
  for (const { port, inode, uid } of sockets) {
    const pid = owners.get(inode);
    if (result.get(port)?.pid !== undefined) continue;
    result.set(port, pid === undefined ? { kind: "process", uid } : await describeProcess(pid, uid));
  }
  return result;
}

/** Rows of /proc/net/{tcp,udp}{,6} (man 5 proc_net): local address, state, uid and inode by column. */
export function parseSocketTable(table: string, protocol: "tcp" | "udp"): Socket[] {
  return table
    .split("\n")
    .slice(1)
    .flatMap((row) => {
      const columns = row.trim().split(/\s+/);
      const [, local = "", , state] = columns;
      if (columns.length < 10 || (protocol === "tcp" && state !== listenState)) return [];
      const port = Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16);
      return [{ port, uid: Number(columns[7]), inode: columns[9] ?? "" }];
    });
}

async function findSocketOwners(inodes: ReadonlySet<string>): Promise<Map<string, number>> {
  const owners = new Map<string, number>();
  if (inodes.size === 0) return owners;
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    pids.map(async (pid) => {
      // Another user's process, or one that has just ended: nothing to see.
      const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
      for (const descriptor of descriptors) {
        if (owners.size === inodes.size) return;
        const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
        const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
        if (inode !== undefined && inodes.has(inode)) owners.set(inode, Number(pid));
      }
    }),
  );
  return owners;
}

async function describeProcess(pid: number, uid: number): Promise<ListeningProcess> {
  const [commandLine = "", comm, cgroup] = await Promise.all(
    ["cmdline", "comm", "cgroup"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
  );
  // The kernel's name is that of the main thread, which a program may choose freely (Node 24: "MainThread").
  const name = basename(commandLine.split("\0")[0] ?? "") || comm?.trim();
  const unit = /\/system\.slice\/(?:.*\/)?([^/\n]+\.service)/.exec(cgroup ?? "")?.[1];
  return {
    kind: "process",
    pid,
    uid,
    ...(name ? { name } : {}),
    ...(unit === undefined ? {} : { unit }),
  };
}

async function findWithLsof(
  ports: readonly number[],
  protocol: "tcp" | "udp",
): Promise<Map<number, ListeningProcess>> {
  const selection =
    protocol === "tcp" ? [`-iTCP:${ports.join(",")}`, "-sTCP:LISTEN"] : [`-iUDP:${ports.join(",")}`];
  // Loaded here: on Linux nobody needs it.
  const { execa } = await import("execa");
  const answer = await execa("lsof", ["-nP", ...selection, "-Fpcun"], { reject: false, timeout: 2000 });
  return parseLsof(answer.stdout ?? "", new Set(ports));
}

/** lsof -F output: one field a line, its first letter says which (p pid, c command, u uid, n address). */
export function parseLsof(text: string, ports: ReadonlySet<number>): Map<number, ListeningProcess> {
  const result = new Map<number, ListeningProcess>();
  let current: { pid?: number; name?: string; uid?: number } = {};
  for (const line of text.split("\n")) {
    const value = line.slice(1);
    if (line.startsWith("p")) current = { pid: Number(value) };
    else if (line.startsWith("c")) current.name = value;
    else if (line.startsWith("u")) current.uid = Number(value);
    else if (line.startsWith("n")) {
      const port = Number(value.slice(value.lastIndexOf(":") + 1));
      if (ports.has(port) && !result.has(port)) result.set(port, { kind: "process", ...current });
    }
  }
  return result;
}
