import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { constants } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { markProcess, type ProcessMark } from "../kernel/process-alive.js";
import { endTree } from "./end-tree.js";
import type { Replacement } from "./run-in-place.js";

/**
 * Runs it with this run's terminal until it ends, or with all that it started where the user ends this run.
 * @param tell hears of the process, and null once it has ended
 * @returns its exit code
 * @throws MybrokerError replace.command, ports.taken, exit 3, where it cannot be started
 */
export async function runProgram(
  { context, output }: CommandRequest,
  { service, port, command, environment }: Replacement,
  tell: (program: ProcessMark | null) => void,
): Promise<number> {
  if (await answers(port)) throw portTaken(port);
  if (context.signal.aborted) return 128 + constants.signals.SIGINT;
  const [program = "", ...args] = command;
  // What it prints is not this command's document.
  const stdout = output.json ? 2 : "inherit";
  const child = spawn(program, args, {
    cwd: context.cwd,
    env: { ...context.env, ...environment },
    stdio: ["inherit", stdout, "inherit"],
  });
  const ended = waitForEnd(child, command);
  // One without an id was not started, which `ended` says.
  if (child.pid === undefined) return ended;
  const mark = markProcess(child.pid);
  tell(mark);
  const listening = new AbortController();
  const address = `127.0.0.1:${port}`;
  void whenListening(port, listening.signal, {
    listens: () =>
      output.note(
        `${command.join(" ")} (pid ${mark.pid}) is ${service} now, on ${address}. Ctrl-C gives it back.`,
      ),
    late: () =>
      output.warn(`Nothing listens on ${address} yet, which HOST and PORT of its environment name.`),
  });
  const stop = (): void => void endTree(mark);
  context.signal.addEventListener("abort", stop, { once: true });
  try {
    return await ended;
  } finally {
    tell(null);
    listening.abort();
    context.signal.removeEventListener("abort", stop);
  }
}

function waitForEnd(child: ChildProcess, command: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
    child.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "there is no such program" : error.message;
      reject(
        new MybrokerError({
          code: "replace.command",
          message: `${command.join(" ")} cannot be started: ${why}`,
          hint: "the program and its arguments stand after --",
          exitCode: exitCodes.machine,
          cause: error,
        }),
      );
    });
  });
}

const lookMs = 50;
const lateAfterMs = 10_000;

/** Looks from the start: a program that has begun to listen is in its place at once, whoever says so when. */
async function whenListening(
  port: number,
  signal: AbortSignal,
  { listens, late }: { listens(): void; late(): void },
): Promise<void> {
  const lateTimer = setTimeout(late, lateAfterMs);
  signal.addEventListener("abort", () => clearTimeout(lateTimer), { once: true });
  while (!signal.aborted) {
    if (await answers(port)) {
      clearTimeout(lateTimer);
      return listens();
    }
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

function portTaken(port: number): MybrokerError {
  return new MybrokerError({
    code: "ports.taken",
    message: `Something listens on 127.0.0.1:${port} already`,
    hint: "give the program another port:  --port",
    exitCode: exitCodes.machine,
    details: { port },
  });
}
