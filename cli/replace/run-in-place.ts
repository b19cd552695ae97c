import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { constants } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { openProjectState } from "../env/state-folder.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { whileLocked } from "../stack/while-locked.js";
import { type Keeper, startKeeper } from "./keeper.js";
import { recordReplaced } from "./replaced.js";
import { type Restoration, restoreService } from "./restoration.js";

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
  readonly restoration: Omit<Restoration, "project" | "service" | "childPid">;
  /** Stops what is there and leads its callers to the program; tells what there is to restore as that changes. */
  take(tell: (change: Partial<Restoration>) => void): Promise<void>;
  /** Closes what leads callers here. */
  leave(): void;
}

interface Ending {
  readonly exitCode: number;
  readonly restored: boolean;
}

/**
 * Runs the program in the service's place until it or the user ends it, and gives the place back. A process of its own
 * does that where this one is killed.
 */
export async function runInPlace(
  request: CommandRequest,
  replacement: Replacement,
  findPlace: (replacement: Replacement) => Promise<TakenPlace>,
): Promise<Ending> {
  const { project, service } = replacement;
  const place = await findPlace(replacement);
  const keeper = startKeeper(request.context);
  let restoration: Restoration = { ...place.restoration, project, service, childPid: null };
  const tell = (change: Partial<Restoration>): void => {
    restoration = { ...restoration, ...change };
    keeper.update(restoration);
  };
  tell({});
  const state = await openProjectState(request.context, project.folder);
  await recordReplaced(state, service, process.pid);
  let exitCode: number;
  try {
    await whileLocked(request, project, () => place.take(tell));
    exitCode = await runProgram(request, replacement, tell);
  } finally {
    place.leave();
    request.output.note(`Giving ${service} back.`);
    await giveBack(request, restoration, keeper);
  }
  return { exitCode, restored: true };
}

async function giveBack(request: CommandRequest, restoration: Restoration, keeper: Keeper): Promise<void> {
  // Its program has ended, or could not be started.
  await restoreService({ ...restoration, childPid: null }, request.context);
  keeper.dismiss();
}

/** Resolves with its exit code. @throws MybrokerError replace.command, exit 3, where it cannot be started */
async function runProgram(
  { context, output }: CommandRequest,
  { service, port, command, environment }: Replacement,
  tell: (change: Partial<Restoration>) => void,
): Promise<number> {
  const [program = "", ...args] = command;
  // What it prints is not this command's document.
  const stdout = output.json ? 2 : "inherit";
  const child = spawn(program, args, {
    cwd: context.cwd,
    env: { ...context.env, ...environment },
    stdio: ["inherit", stdout, "inherit"],
  });
  const ended = waitForEnd(child, command);
  if (child.pid !== undefined) tell({ childPid: child.pid });
  const listening = new AbortController();
  void sayWhenListening(port, listening.signal, () =>
    output.note(
      `${command.join(" ")} (pid ${child.pid}) is ${service} now, on 127.0.0.1:${port}. Ctrl-C gives it back.`,
    ),
  );
  const stop = (): void => endChild(child);
  context.signal.addEventListener("abort", stop, { once: true });
  if (context.signal.aborted) stop();
  try {
    return await ended;
  } finally {
    listening.abort();
    context.signal.removeEventListener("abort", stop);
  }
}

const graceMs = 10_000;

function endChild(child: ChildProcess): void {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  child.once("exit", () => clearTimeout(timer));
}

function waitForEnd(child: ChildProcess, command: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
    child.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        new MybrokerError({
          code: "replace.command",
          message: `${command.join(" ")} cannot be started: ${error.code === "ENOENT" ? "there is no such program" : error.message}`,
          hint: "the program and its arguments stand after --",
          exitCode: exitCodes.machine,
          cause: error,
        }),
      );
    });
  });
}

const lookMs = 50;

async function sayWhenListening(port: number, signal: AbortSignal, say: () => void): Promise<void> {
  while (!signal.aborted) {
    if (await answers(port)) return say();
    await pause(lookMs, undefined, { signal }).catch(() => {});
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
