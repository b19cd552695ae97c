import { openProjectState } from "../env/state-folder.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import type { ProcessMark } from "../kernel/process-alive.js";
import { whileLocked } from "../stack/while-locked.js";
import { startKeeper } from "./keeper.js";
import { findReplaced, recordReplaced } from "./replaced.js";
import { type Restoration, restoreService } from "./restoration.js";
import { runProgram } from "./run-program.js";

export interface Replacement {
  readonly project: { readonly name: string; readonly folder: string };
  readonly service: string;
  /** On 127.0.0.1, where the service is looked for. */
  readonly publishedPort: number;
  /** On 127.0.0.1, where the program listens. */
  readonly port: number;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The service's place, before and after it is taken. */
export interface TakenPlace {
  /** What gives it back; known before anything is changed. */
  readonly restoration: Omit<Restoration, "project" | "service" | "program">;
  /** Stops what is there and leads its callers to the program. */
  take(): Promise<void>;
  /** Closes what leads callers here. */
  leave(): void;
}

interface HeldPlace {
  /** The program that has it now. */
  tell(program: ProcessMark | null): void;
  giveBack(): Promise<void>;
}

type FindPlace = (replacement: Replacement) => Promise<TakenPlace>;

/**
 * Runs the program in the service's place until it or the user ends it, and gives the place back. A process of its own
 * does that where this one is killed.
 * @returns the program's exit code
 * @throws MybrokerError replace.busy, replace.command, replace.not-restored, ports.taken, exit 3
 */
export async function runInPlace(
  request: CommandRequest,
  replacement: Replacement,
  findPlace: FindPlace,
): Promise<number> {
  const { project, service } = replacement;
  const held = await whileLocked(request, project, () => holdPlace(request, replacement, findPlace));
  try {
    return await runProgram(request, replacement, held.tell);
  } finally {
    request.output.note(`Giving ${service} back.`);
    await held.giveBack();
  }
}

async function holdPlace(
  { context }: CommandRequest,
  replacement: Replacement,
  findPlace: FindPlace,
): Promise<HeldPlace> {
  const { project, service } = replacement;
  const state = await openProjectState(context, project.folder);
  const holder = (await findReplaced(state, [service])).get(service);
  if (holder !== undefined) throw alreadyReplaced(service, holder);
  const place = await findPlace(replacement);
  const keeper = startKeeper(context);
  const restoration: Restoration = { ...place.restoration, project, service, program: null };
  const tell: HeldPlace["tell"] = (program) => keeper.update({ ...restoration, program });
  tell(null);
  const holders = [process.pid, keeper.pid].filter((pid) => pid !== undefined);
  await recordReplaced(state, service, holders);
  const giveBack = async (): Promise<void> => {
    place.leave();
    await restoreService(restoration, context);
    keeper.dismiss();
  };
  try {
    await place.take();
  } catch (error) {
    await giveBack();
    throw error;
  }
  return { tell, giveBack };
}

function alreadyReplaced(service: string, pid: number): MybrokerError {
  return new MybrokerError({
    code: "replace.busy",
    message: `${service} is replaced already (pid ${pid})`,
    hint: `end that first:  kill ${pid}`,
    exitCode: exitCodes.machine,
    details: { service, pid },
  });
}
