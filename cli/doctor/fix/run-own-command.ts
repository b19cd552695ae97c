import { spawn } from "node:child_process";
import { join } from "node:path";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest, GlobalOptions } from "../../kernel/command.js";

interface CommandDocument {
  readonly ok: boolean;
  readonly error: { code: string; message: string; hint: string | null; exitCode: number } | null;
}

/**
 * Runs a command of mybroker for the same project as this run, so that a repair does exactly what the printed line
 * does: with its checks, its lock and its waiting.
 * @throws MybrokerError what that command said
 */
export async function runOwnCommand(request: CommandRequest, words: readonly string[]): Promise<void> {
  const { exitCode, stdout } = await spawnOwnCommand(request, [...words, "-o", "json"]);
  const document = readDocument(stdout);
  if (exitCode === 0) return;
  const { code, message, hint } = document?.error ?? {
    code: "doctor.repair-failed",
    message: `mybroker ${words.join(" ")} ended with ${exitCode}`,
    hint: null,
  };
  throw new MybrokerError({
    code,
    message,
    exitCode: document?.error?.exitCode ?? exitCodes.no,
    ...(hint === null ? {} : { hint }),
  });
}

export interface OwnRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function spawnOwnCommand(
  { context, globals }: CommandRequest,
  words: readonly string[],
): Promise<OwnRun> {
  const program = join(context.packageRoot, "bin", "mybroker.js");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...spellGlobals(globals), ...words], {
      cwd: context.cwd,
      env: { ...context.env, MYBROKER_DEBUG: "" },
      stdio: ["ignore", "pipe", "pipe"],
      signal: context.signal,
    });
    const written = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        written[name] += text;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ exitCode: code ?? exitCodes.bug, ...written }));
  });
}

/** The options by which this run found its project. */
function spellGlobals(globals: GlobalOptions): string[] {
  const repeated = (flag: string, values: readonly string[]) => values.flatMap((value) => [flag, value]);
  const single = (flag: string, value: string | undefined) => (value === undefined ? [] : [flag, value]);
  return [
    ...repeated("--file", globals.file),
    ...repeated("--env-file", globals.envFile),
    ...repeated("--profile", globals.profile),
    ...single("--project-name", globals.projectName),
    ...single("--project-directory", globals.projectDirectory),
    ...single("--runtime", globals.runtime),
  ];
}

function readDocument(stdout: string): CommandDocument | undefined {
  try {
    return JSON.parse(stdout) as CommandDocument;
  } catch {
    return undefined;
  }
}
