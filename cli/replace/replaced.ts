import type { ProjectState } from "../env/state-folder.js";
import { isStillAlive, markProcess, type ProcessMark } from "../kernel/process-alive.js";
import type { Output } from "../output/output.js";

const recordOf = (service: string): string => `replaced-${service}`;

/**
 * Written while a service is replaced, so that other commands leave it alone: by whom, as long as one of them lives.
 * None: it is given back.
 */
export async function recordReplaced(
  state: ProjectState,
  service: string,
  pids: readonly number[],
): Promise<void> {
  await state.writeRecord(recordOf(service), pids.map(markProcess));
}

/** Which of these services a running `mybroker replace` has, with its process. */
export async function findReplaced(
  state: ProjectState,
  services: readonly string[],
): Promise<Map<string, number>> {
  const found = await Promise.all(
    services.map(async (service) => {
      const record = await state.readRecord(recordOf(service));
      const holders = Array.isArray(record) ? (record as ProcessMark[]) : [];
      const holder = holders.find(isStillAlive);
      return holder === undefined ? [] : [[service, holder.pid] as const];
    }),
  );
  return new Map(found.flat());
}

/** Says which of these services are replaced, so that nobody wonders; returns their names. */
export async function tellReplaced(
  output: Output,
  state: ProjectState,
  services: readonly string[],
): Promise<string[]> {
  const replaced = await findReplaced(state, services);
  for (const [service, pid] of replaced) {
    output.note(`${service}: a program is in its place (mybroker replace, pid ${pid}), and left there.`);
  }
  return [...replaced.keys()];
}
