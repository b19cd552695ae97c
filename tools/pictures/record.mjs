import { spawn } from "node:child_process";

/** What still comes after the last message has been caused. */
const settlingMs = 1_000;

/**
 * Runs a command line in a pseudo terminal (`script` of util-linux) and keeps what it shows, with times.
 * @param {{ line: string, columns: number, rows: number, cwd: string, env: NodeJS.ProcessEnv,
 *   beside?: () => Promise<unknown> }} request beside: begun as soon as the command has written something; once that is
 *   over Ctrl-C is typed, for a command that does not end by itself
 * @returns {Promise<{ chunks: { atMs: number, text: string }[], tookMs: number, exitCode: number }>}
 *   times from the start of the command
 */
export function recordCommand({ line, columns, rows, cwd, env, beside }) {
  const sized = `stty cols ${columns} rows ${rows} -echoctl; exec ${line}`;
  const startedMs = performance.now();
  const child = spawn("script", ["-qefc", sized, "/dev/null"], {
    cwd,
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const chunks = [];
  const accompany = async () => {
    await beside();
    await new Promise((resolve) => setTimeout(resolve, settlingMs));
    child.stdin.write("\u0003");
  };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    if (chunks.length === 0 && beside !== undefined) accompany();
    chunks.push({ atMs: performance.now() - startedMs, text });
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ chunks, tookMs: performance.now() - startedMs, exitCode: code ?? 1 });
    });
  });
}
