import { appendFileSync } from "node:fs";
import { execa } from "execa";

/** How long what was asked to end may take for it. */
const forceAfterMs = 30_000;

/**
 * Runs a command to its end; all that it writes goes to the run's log. It is a process group of its own, so that Ctrl-C
 * comes to it once, from here.
 * @param {{ root: string, log: string, signal: AbortSignal }} context
 * @param {{ command: string[], env?: Record<string, string>, mayFail?: boolean }} request
 * @returns {Promise<{ exitCode: number | undefined, stdout: string, all: string }>}
 */
export async function runCommand({ root, log, signal }, { command, env = {}, mayFail = false }) {
  const [file, ...args] = command;
  const child = execa(file, args, {
    ...{
      cwd: root,
      env: { FORCE_COLOR: "0", ...env },
      stdin: "ignore",
      all: true,
      detached: true,
      reject: !mayFail,
    },
    ...{ cancelSignal: signal, forceKillAfterDelay: forceAfterMs, maxBuffer: 64 * 1024 * 1024 },
  });
  child.all.on("data", (chunk) => appendFileSync(log, chunk));
  const { exitCode, stdout, all } = await child;
  signal.throwIfAborted();
  return { exitCode, stdout, all };
}
