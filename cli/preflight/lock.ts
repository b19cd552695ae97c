import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../env/make-folder.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { isStillAlive, markProcess, type ProcessMark } from "../kernel/process-alive.js";

interface Holder extends ProcessMark {
  readonly command: string;
}

/**
 * Keeps two commands from changing one project at the same time. A holder that died leaves a file that the next
 * one recognises and takes over.
 * @param folder the project's folder for state, which exists or can be made
 * @returns what releases the lock
 * @throws MybrokerError project.busy, exit 3
 */
export function lockProject(folder: string, project: string, command: string): () => void {
  makeFolder(folder, 0o700);
  const path = join(folder, "lock");
  const mine: Holder = { ...markProcess(process.pid), command };
  // Every round either takes the lock, or meets a living holder, or removes a dead one's file.
  for (let round = 0; round < 10; round += 1) {
    if (createExclusively(path, JSON.stringify(mine))) return () => release(path, mine);
    const holder = readHolder(path);
    if (holder !== undefined && isStillAlive(holder)) throw busy(project, holder);
    removeDead(path, holder);
  }
  throw busy(project, undefined);
}

function createExclusively(path: string, text: string): boolean {
  // Written aside first: whoever finds the lock finds it whole.
  const aside = `${path}.${process.pid}`;
  try {
    writeFileSync(aside, text, { mode: 0o600 });
    linkSync(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

/**
 * Renamed before it is removed, so that of two that found the dead holder only one removes it; who then sees that
 * it took the file of a living one, which had been quicker, puts it back.
 */
function removeDead(path: string, dead: Holder | undefined): void {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
    const taken = readHolder(aside);
    if (taken !== undefined && taken.pid !== dead?.pid && isStillAlive(taken)) linkSync(aside, path);
    unlinkSync(aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function release(path: string, mine: Holder): void {
  if (readHolder(path)?.pid === mine.pid) unlinkSync(path);
}

function busy(project: string, holder: Holder | undefined): MybrokerError {
  return new MybrokerError({
    code: "project.busy",
    message: holder
      ? `mybroker ${holder.command} (pid ${holder.pid}) is changing the project ${project} right now`
      : `another command is changing the project ${project} right now`,
    hint: holder ? `wait for it, or end it:  kill ${holder.pid}` : "repeat the command in a moment",
    exitCode: exitCodes.machine,
    ...(holder ? { details: { pid: holder.pid, command: holder.command } } : {}),
  });
}
