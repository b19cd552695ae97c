import type { ProjectState } from "../env/state-folder.js";
import { isAlive } from "./end-tree.js";

/** Written while a service is replaced, so that other commands leave it alone. */
interface ReplacedRecord {
  /** Of the `mybroker replace` that has it. */
  readonly pid: number;
}

const recordOf = (service: string): string => `replaced-${service}`;

export async function recordReplaced(
  state: ProjectState,
  service: string,
  pid: number | null,
): Promise<void> {
  await state.writeRecord(recordOf(service), pid === null ? null : ({ pid } satisfies ReplacedRecord));
}

/** Which of these services a running `mybroker replace` has, with its process. */
export async function findReplaced(
  state: ProjectState,
  services: readonly string[],
): Promise<Map<string, number>> {
  const records = await Promise.all(
    services.map(async (service) => [service, await state.readRecord(recordOf(service))] as const),
  );
  return new Map(
    records.flatMap(([service, record]) => {
      const pid = (record as ReplacedRecord | null | undefined)?.pid;
      return typeof pid === "number" && isAlive(pid) ? [[service, pid] as const] : [];
    }),
  );
}
