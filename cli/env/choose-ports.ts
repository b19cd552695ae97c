import {
  findHolder,
  findPortConflicts,
  type PlannedBinding,
  type PortCheck,
  type PortConflict,
} from "../preflight/ports.js";

/** A port key that got another value than the example's, because that one is taken. */
export interface PortMove {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly conflict: PortConflict;
}

export interface PortChoice {
  readonly moves: readonly PortMove[];
  /** Taken ports for which no free neighbour was found. */
  readonly stuck: readonly PortConflict[];
}

const suffix = "_HOST_PORT";
const highestPort = 65_535;
/** Enough to step over any block of services; past it something else is wrong. */
const triedNeighbours = 200;

/**
 * The host ports of a .env text, one for each `…_HOST_PORT` key. Keys that the shell sets are left out: a value in
 * .env would not count for them.
 */
export function portKeysOf(
  values: Readonly<Record<string, string>>,
  shell: Readonly<Record<string, string | undefined>>,
): PlannedBinding[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (!key.endsWith(suffix) || shell[key] !== undefined || !/^\d{1,5}$/.test(value)) return [];
    const service = key.slice(0, -suffix.length).toLowerCase().replaceAll("_", "-");
    return [{ service, hostIp: "127.0.0.1", port: Number(value), protocol: "tcp", key }];
  });
}

/** For each taken port the next free one above it that no other key uses. */
export async function choosePorts(check: PortCheck): Promise<PortChoice> {
  const conflicts = await findPortConflicts(check);
  const used = new Set(check.bindings.map(({ port }) => port));
  const moves: PortMove[] = [];
  const stuck: PortConflict[] = [];
  for (const conflict of conflicts) {
    const to = await findFreeNeighbour(check, conflict, used);
    if (to === undefined || conflict.key === undefined) {
      stuck.push(conflict);
      continue;
    }
    used.add(to);
    moves.push({ key: conflict.key, from: conflict.port, to, conflict });
  }
  return { moves, stuck };
}

async function findFreeNeighbour(
  check: PortCheck,
  conflict: PortConflict,
  used: ReadonlySet<number>,
): Promise<number | undefined> {
  const last = Math.min(conflict.port + triedNeighbours, highestPort);
  for (let port = conflict.port + 1; port <= last; port += 1) {
    if (used.has(port)) continue;
    if ((await findHolder(check, { ...conflict, port })) === undefined) return port;
  }
  return undefined;
}
