import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { type BuiltCli, buildCli } from "../support/built-cli.js";

const repository = resolve(import.meta.dirname, "../..");

/** How an interactive shell is started without anybody's settings. */
const starts = {
  bash: { command: "bash --norc --noprofile -i", prepare: "" },
  zsh: { command: "zsh -f -i", prepare: "autoload -Uz compinit; compinit -u -D" },
} as const;

export interface ShellLab {
  readonly cli: BuiltCli;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `mybroker completion SHELL` prints. */
  readonly scripts: Readonly<Record<"bash" | "zsh" | "fish", string>>;
  /** The words that a line has once it was typed with its Tabs (\t) at a terminal. */
  type(shell: keyof typeof starts, line: string): Promise<string[]>;
  remove(): void;
}

/** The built CLI, the shipped compose file, and the scripts that it prints for each shell; nothing runs. */
export async function openShellLab(): Promise<ShellLab> {
  const cli = await buildCli();
  const folder = mkdtempSync(join(tmpdir(), "mybroker-completion-"));
  for (const file of ["docker-compose.yml", ".env.example"])
    writeFileSync(join(folder, file), readFileSync(join(repository, file)));
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    TERM: "dumb",
    XDG_STATE_HOME: join(folder, "state"),
    DOCKER_HOST: `unix://${folder}/no-docker.sock`,
  };
  const print = async (shell: string) =>
    (await cli.start(["completion", shell], { cwd: folder, env }).ended).stdout;
  const [bash, zsh, fish] = await Promise.all(["bash", "zsh", "fish"].map(print));
  const scripts = { bash: bash ?? "", zsh: zsh ?? "", fish: fish ?? "" };
  return {
    ...{ cli, folder, env, scripts },
    type: async (shell, line) => {
      const { command, prepare } = starts[shell];
      writeFileSync(join(folder, "script"), scripts[shell]);
      // The script starts our program by its path, so the name is free to keep what is typed behind it.
      const keep = `mybroker() { printf '%s\\n' "$@" > typed; }`;
      const input = `${prepare}\n${keep}\nsource ./script\nsource ./script\n${line}\nexit\n`;
      const terminal = ["-qec", command, "/dev/null"];
      const { stdout } = await execa("script", terminal, { cwd: folder, env, extendEnv: false, input });
      try {
        return readFileSync(join(folder, "typed"), "utf8").trimEnd().split("\n");
      } catch {
        throw new Error(`the line was not carried out:\n${stdout}`);
      } finally {
        rmSync(join(folder, "typed"), { force: true });
      }
    },
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
      cli.remove();
    },
  };
}
