import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordCommand } from "./record.mjs";
import { watchTerminal } from "./watch-terminal.mjs";

export const columns = 80;

/** What a clone has once it is built. */
const parts = ["bin", "package.json", "docker-compose.yml", ".env.example", "templates"];

/**
 * A fresh clone in a temporary folder, with a home of its own, and `mybroker` as a command that can be typed there.
 * @param {string} root the checkout
 * @param {"embedded" | "docker"} runtime embedded: on a machine without Docker
 */
export function buildStage(root, runtime) {
  const base = mkdtempSync(join(tmpdir(), "mybroker-pictures-"));
  const folder = join(base, "mybroker");
  const programs = join(base, "programs");
  for (const path of [folder, programs, join(base, "home")]) mkdirSync(path);
  execFileSync(process.execPath, ["tools/build.mjs", join(folder, "dist")], { cwd: root });
  for (const part of parts) cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  symlinkSync(join(folder, "bin", "mybroker.js"), join(programs, "mybroker"));
  const { PATH, DOCKER_HOST } = process.env;
  const env = {
    PATH: `${programs}:${PATH}`,
    HOME: join(base, "home"),
    XDG_STATE_HOME: join(base, "state"),
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    ...(runtime === "docker" && DOCKER_HOST !== undefined && { DOCKER_HOST }),
  };
  const place = { cwd: folder, env };
  return {
    folder,
    /** Types a command, as a pane of a picture. @throws when it ends otherwise than it is to */
    type: async (line, { rows = 24, shownRows = rows, frameMs = 100, beside, exitCode = 0 } = {}) => {
      const recording = await recordCommand({ line, columns, rows, beside, ...place });
      if (recording.exitCode !== exitCode) {
        const text = recording.chunks.map((chunk) => chunk.text).join("");
        throw new Error(`${line} ended with exit code ${recording.exitCode}, not ${exitCode}:\n${text}`);
      }
      const seen = await watchTerminal({ chunks: recording.chunks, columns, rows, shownRows, frameMs });
      return { prompt: line, startMs: 0, ...recording, ...seen };
    },
    /** Runs what no picture shows. @throws when it fails */
    run: (line) =>
      execFileSync("sh", ["-c", line], { ...place, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
    /** The same, beside what is recorded. */
    start: (line) => {
      const child = spawn("sh", ["-c", line], { ...place, stdio: "ignore" });
      return { ended: new Promise((resolve) => child.on("close", resolve)), kill: () => child.kill() };
    },
    remove: () => {
      const down = `mybroker --runtime ${runtime} --yes down --volumes`;
      try {
        execFileSync("sh", ["-c", down], { ...place, stdio: "ignore" });
      } finally {
        rmSync(base, { recursive: true, force: true });
      }
    },
  };
}
