import { PassThrough } from "node:stream";
import { greetingCommand } from "../../cli/commands/greeting/definition.js";
import { commands } from "../../cli/commands/registry.js";
import type { CommandDefinition } from "../../cli/kernel/command.js";
import type { Context } from "../../cli/kernel/context.js";
import { run } from "../../cli/kernel/run.js";
import { validateOutput } from "./validate-output.js";

export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Each line of stdout of a streaming command with -o json, held against docs/schema. */
  records(): { ok: boolean; data: unknown }[];
  /** The one JSON document of a one-shot command with -o json, held against docs/schema. */
  json(): {
    ok: boolean;
    data: unknown;
    error: { code: string; message: string; hint: string | null } | null;
  };
}

export interface CliSetting {
  readonly cwd?: string;
  readonly env?: Record<string, string | undefined>;
  readonly homeDir?: string;
  readonly stdin?: string;
  readonly tty?: boolean;
  readonly commands?: readonly CommandDefinition[];
  readonly signal?: AbortSignal;
  /** Sees what is written to stdout as it comes. */
  readonly onOutput?: (text: string) => void;
}

/** Runs the CLI in this process, with its own terminal, folder and environment, and returns all that a user sees. */
export async function runCli(argv: readonly string[], setting: CliSetting = {}): Promise<CliRun> {
  const stdin = new PassThrough();
  stdin.end(setting.stdin ?? "");
  const stdout = collect(setting.onOutput);
  const stderr = collect();
  const exitCode = await run({
    argv,
    context: createTestContext(setting),
    commands: setting.commands ?? commands,
    greeting: greetingCommand,
    streams: { stdin, stdout: stdout.stream, stderr: stderr.stream },
  });
  return {
    exitCode,
    stdout: stdout.text(),
    stderr: stderr.text(),
    records: () =>
      stdout
        .text()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => {
          const record = JSON.parse(line);
          validateOutput(record);
          return record;
        }),
    json: () => {
      const document = JSON.parse(stdout.text());
      validateOutput(document);
      return document;
    },
  };
}

/** A context off a terminal, with an empty environment unless the test gives one. */
export function createTestContext(setting: CliSetting = {}): Context {
  return {
    cwd: setting.cwd ?? process.cwd(),
    homeDir: setting.homeDir ?? "/nonexistent",
    env: setting.env ?? {},
    platform: process.platform,
    uid: process.getuid?.(),
    stdinIsTty: setting.tty ?? false,
    stdoutIsTty: setting.tty ?? false,
    stderrIsTty: setting.tty ?? false,
    columns: 80,
    invocation: "mybroker",
    version: "0.0.0-test",
    packageRoot: process.cwd(),
    now: Date.now,
    signal: setting.signal ?? new AbortController().signal,
  };
}

function collect(onText?: (text: string) => void): { stream: PassThrough; text(): string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    onText?.(chunk.toString("utf8"));
  });
  return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
}
