import { spawn } from "node:child_process";

/** Milliseconds of the machine's monotonic clock: the same for every process on it. */
export function monotonicMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Runs a command to its end with pipes for output, as in CI or a script.
 * @param {{ command: string[], cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal }} request
 * @returns {Promise<{ startedMs: number, startedAtMs: number, endedMs: number, wallMs: number, stdout: string, stderr: string }>}
 *   startedMs and endedMs on the monotonic clock, startedAtMs on the wall clock
 * @throws when it cannot be started, or ends otherwise than with exit code 0: a time of something else is no figure
 */
export function runTimed({ command, cwd, env, signal }) {
  const [file, ...args] = command;
  return new Promise((resolve, reject) => {
    const text = { stdout: "", stderr: "" };
    const startedAtMs = performance.timeOrigin + performance.now();
    const startedMs = monotonicMs();
    let endedMs = 0;
    const child = spawn(file, args, { cwd, env, signal, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      text.stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk) => {
      text.stderr += chunk;
    });
    child.on("error", reject);
    child.on("exit", () => {
      endedMs = monotonicMs();
    });
    child.on("close", (code, killedBy) => {
      if (code === 0) {
        resolve({ startedMs, startedAtMs, endedMs, wallMs: endedMs - startedMs, ...text });
      } else {
        const last = `${text.stdout}${text.stderr}`.trim().split("\n").slice(-30).join("\n");
        reject(new Error(`${command.join(" ")} ended with ${killedBy ?? `exit code ${code}`}:\n${last}`));
      }
    });
  });
}
