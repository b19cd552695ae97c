import { chmodSync, cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";

const repository = resolve(import.meta.dirname, "../..");

/** A user that owns nothing; what a process becomes that drops root's privileges. */
export const nobody = 65_534;

export interface ChildSetting {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As `nobody` where the tests run as root. */
  readonly unprivileged?: boolean;
}

export interface EndedChild {
  /** As a shell has it: 128 + its number where a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Child {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** What it has written by now. */
  stdoutSoFar(): string;
  stderrSoFar(): string;
  readonly ended: Promise<EndedChild>;
}

/** The CLI as users have it, for what only a process of its own can show: signals, a user id, two at once. */
export interface BuiltCli {
  /** The script to be run with node, for pipelines of a shell. */
  readonly program: string;
  start(args: readonly string[], setting: ChildSetting): Child;
  remove(): void;
}

/** Bundles what is checked out now into a folder that any user may read. */
export async function buildCli(): Promise<BuiltCli> {
  const root = mkdtempSync(join(tmpdir(), "mybroker-built-"));
  await execa(process.execPath, ["tools/build.mjs", join(root, "dist")], { cwd: repository });
  for (const path of ["bin", "package.json", "docker-compose.yml", ".env.example", "templates"]) {
    cpSync(join(repository, path), join(root, path), { recursive: true });
  }
  await execa("chmod", ["-R", "a+rX", root]);
  // The embedded runtime finds SQLite's native part there.
  symlinkSync(join(repository, "node_modules"), join(root, "node_modules"));
  chmodSync(root, 0o755);
  const program = join(root, "bin", "mybroker.js");
  return {
    program,
    start: (args, { cwd, env, unprivileged = false }) => {
      const user = unprivileged && process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
      const child = execa(process.execPath, [program, ...args], {
        cwd,
        env,
        extendEnv: false,
        reject: false,
        ...user,
      });
      const written = { stdout: "", stderr: "" };
      for (const name of ["stdout", "stderr"] as const) {
        child[name]?.on("data", (chunk: Buffer) => {
          written[name] += chunk.toString("utf8");
        });
      }
      return {
        stdoutSoFar: () => written.stdout,
        stderrSoFar: () => written.stderr,
        pid: child.pid ?? -1,
        kill: (signal) => child.kill(signal),
        ended: child.then(({ exitCode, signal, stdout, stderr }) => ({
          exitCode: exitCode ?? 128 + (signal === undefined ? 0 : constants.signals[signal]),
          stdout,
          stderr,
        })),
      };
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
