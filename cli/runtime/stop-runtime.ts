import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MybrokerError } from "../errors/mybroker-error.js";
import { isProcessAlive } from "../kernel/process-alive.js";
import { systemClock } from "../ready/clock.js";
import { askStatus, askToStop } from "./control-client.js";
import type { Place } from "./place.js";

/** The process gives what does not close 10 s itself. */
const defaultStopMs = 12_000;
/** From the last answer to the end of the process there is nothing left to do. */
const exitLimitMs = 3_000;
const pollMs = 5;

/**
 * Stops the process and waits for its end, so that its folder and ports are free.
 * @returns its pid; undefined where none ran
 */
export async function stopRuntime(place: Place, timeoutMs = defaultStopMs): Promise<number | undefined> {
  const pid = await findPid(place);
  if (pid === undefined) return undefined;
  await askToStop(place, timeoutMs).catch(ignoreHung);
  if (!(await hasEnded(pid, exitLimitMs))) {
    // It held our socket a moment ago, so that the pid is still its own.
    killHard(pid);
    await hasEnded(pid, exitLimitMs);
  }
  return pid;
}

/** Of the process that listens on the socket; one that hangs has left it in its folder. */
async function findPid(place: Place): Promise<number | undefined> {
  try {
    return (await askStatus(place))?.pid;
  } catch (error) {
    ignoreHung(error);
    return readOwner(place);
  }
}

function readOwner({ dataFolder }: Place): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(join(dataFolder, "owner.json"), "utf8")) as { pid?: number };
    return pid !== undefined && isProcessAlive(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function ignoreHung(error: unknown): void {
  if (!(error instanceof MybrokerError) || error.code !== "embedded.hung") throw error;
}

async function hasEnded(pid: number, limitMs: number): Promise<boolean> {
  const untilMs = performance.now() + limitMs;
  while (isProcessAlive(pid)) {
    if (performance.now() > untilMs) return false;
    await systemClock.sleep(pollMs);
  }
  return true;
}

function killHard(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}
