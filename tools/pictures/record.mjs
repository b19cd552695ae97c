import { spawn } from "node:child_process";

/** How long a command may take that was told to end. */
const endingMs = 15_000;

/**
 * Runs a command line in a pseudo terminal (`script` of util-linux) and keeps what it shows, with times.
 * @param {{ line: string, columns: number, rows: number, cwd: string, env: NodeJS.ProcessEnv,
 *   untilMs?: number }} request untilMs: when Ctrl-C is typed, for a command that does not end by itself
 * @returns {Promise<{ chunks: { atMs: number, text: string }[], tookMs: number, exitCode: number }>}
 *   times from the start of the command
 */
export function recordCommand({ line, columns, rows, cwd, env, untilMs }) {
  const sized = `stty cols ${columns} rows ${rows}; exec ${line}`;
  const startedMs = performance.now();
  const child = spawn("script", ["-qefc", sized, "/dev/null"], {
    cwd,
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const timers = [];
  if (untilMs !== undefined) {
    timers.push(setTimeout(() => child.stdin.write("\u0003"), untilMs));
    timers.push(setTimeout(() => child.kill("SIGTERM"), untilMs + endingMs));
  }
  const chunks = [];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    chunks.push({ atMs: performance.now() - startedMs, text });
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      for (const timer of timers) clearTimeout(timer);
      resolve({ chunks, tookMs: performance.now() - startedMs, exitCode: code ?? 1 });
    });
  });
}
