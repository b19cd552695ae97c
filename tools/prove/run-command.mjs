import { appendFileSync } from "node:fs";
import { execa } from "execa";

/**
 * Runs a command to its end; all that it writes goes to the run's log. It is a process group of its own, so that Ctrl-C
 * comes to it once, from here.
 * @param {{ root: string, log: string, signal: AbortSignal }} context
 * @param {object} request
 * @param {string[]} request.command
 * @param {Record<string, string>} [request.env]
 * @param {boolean} [request.mayFail]
 * @param {NodeJS.Signals} [request.endBy] how it is told to end when the context's signal is aborted
 * @param {number} [request.endWithinMs] what it may take for that
 * @returns {Promise<{ exitCode: number | undefined, stdout: string, all: string }>}
 */
export async function runCommand({ root, log, signal }, { command, env = {}, mayFail = false, ...request }) {
  const { endBy = "SIGTERM", endWithinMs = 30_000 } = request;
  const [file, ...args] = command;
  const child = execa(file, args, {
    ...{ cwd: root, env: { FORCE_COLOR: "0", ...env }, stdin: "ignore", all: true, detached: true },
    ...{ cancelSignal: signal, killSignal: endBy, forceKillAfterDelay: endWithinMs },
    ...{ reject: !mayFail, maxBuffer: 64 * 1024 * 1024 },
  });
  child.all.on("data", (chunk) => appendFileSync(log, chunk));
  const { exitCode, stdout, all } = await child;
  signal.throwIfAborted();
  return { exitCode, stdout, all };
}
