import {
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
  const moves: PortMove[] = [];
  const stuck: PortConflict[] = [];
  for (const conflict of await findPortConflicts(check)) {
    const { key, port: from, freePort: to } = conflict;
    if (key === undefined || to === undefined) stuck.push(conflict);
    else moves.push({ key, from, to, conflict });
  }
  return { moves, stuck };
}
