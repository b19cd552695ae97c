import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { GlobalOptions } from "../kernel/command.js";
import type { Context } from "../kernel/context.js";
import type { Runtime } from "../runtime/runtime.js";
import { attachSession, captureSession } from "./attach-session.js";
import type { Output } from "./output.js";
import {
  createJsonProgress,
  createPlainProgress,
  formatJsonNote,
  type ProgressDisplay,
  quietProgress,
} from "./progress.js";
import { Redactor } from "./redactor.js";
import { createStyle } from "./style.js";

export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** The Output of one run, with what the kernel alone uses to print the end of it. */
export interface RunOutput extends Output {
  /** null while none is decided. */
  readonly runtime: Runtime | null;
  writeError(text: string): void;
}

export interface OutputSetting {
  readonly context: Context;
  readonly globals: GlobalOptions;
  readonly streams: Streams;
  /** "ps": names the schema of streamed records. */
  readonly command: string;
  /** A live area for a terminal; loaded by the kernel only where one is shown. */
  readonly liveProgress?: ProgressDisplay;
}

/** Home, then erase to the end: no flicker, and what stood above stays in the scrollback. */
const clearScreen = "\u001b[H\u001b[2J";

/** All that one run writes goes through what this makes, with every registered secret replaced. */
export function createOutput(setting: OutputSetting): RunOutput {
  const { context, globals, streams } = setting;
  const redactor = new Redactor();
  const json = globals.output === "json";
  const writeStderr = (text: string): void => {
    streams.stderr.write(`${redactor.apply(text)}\n`);
  };
  const progress = chooseProgress(setting, writeStderr);
  const jsonProgress = globals.progress === "json";
  const note = (level: "note" | "warning" | "debug", text: string): void => {
    const prefix = { note: "", warning: "! ", debug: "debug: " }[level];
    const line = jsonProgress ? formatJsonNote(level, text) : `${prefix}${text}`;
    progress.interrupt(() => writeStderr(line));
  };
  // With -o json stderr stays empty, unless progress or debugging was asked for on it.
  const notesWanted = !json || jsonProgress;
  // MYBROKER_RUNTIME may hold anything, which is told where commands begin.
  let runtime: Runtime | null =
    (["docker", "embedded"] as const).find((known) => known === globals.runtime) ?? null;

  const writeLine = (text: string) => writeFully(streams.stdout, `${redactor.apply(text)}\n`);
  const writeRecords = (list: readonly unknown[], project: string | null): Promise<void> => {
    const schema = `mybroker/${setting.command}@1`;
    const lines = list.map((data) => {
      const envelope = { schema, ok: true, runtime, project, data, error: null };
      return escapeControls(JSON.stringify(redactor.applyDeep(envelope)));
    });
    return writeFully(streams.stdout, `${lines.join("\n")}\n`);
  };

  return {
    style: createStyle(globals.color, context.stdoutIsTty && !json, context.env),
    json,
    get runtime() {
      return runtime;
    },
    useRuntime: (chosen) => {
      runtime = chosen;
    },
    line: writeLine,
    repaint: (lines) => writeLine(`${context.stdoutIsTty ? clearScreen : "\n"}${lines.join("\n")}`),
    attach: (session, tty) => {
      const write = (channel: "stdout" | "stderr", bytes: Uint8Array) => writeFully(streams[channel], bytes);
      return attachSession(session, tty, { stdin: streams.stdin, stdout: streams.stdout, write });
    },
    capture: (session) => captureSession(session, streams),
    bytes: (bytes) => {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
      const redacted = redactor.apply(text);
      return writeFully(streams.stdout, redacted === text ? bytes : redacted);
    },
    record: (data, project) => writeRecords([data], project),
    records: writeRecords,
    note: (text) => {
      if (notesWanted && globals.progress !== "quiet") note("note", text);
    },
    warn: (text) => {
      if (notesWanted) note("warning", text);
    },
    debug: (text) => {
      if (globals.debug) note("debug", text);
    },
    progress: (event) => progress.update(event),
    progressDone: () => progress.done(),
    confirm: async (question, flag) => globals.yes || confirm(setting, question, flag),
    redact: (secret) => redactor.add(secret),
    withoutSecrets: (data) => redactor.applyDeep(data),
    writeError: (text) => progress.interrupt(() => writeStderr(text)),
  };
}

/** @throws MybrokerError usage.question, exit 2, where nobody can answer */
async function confirm(
  { context, globals, streams }: OutputSetting,
  question: string,
  flag: string,
): Promise<boolean> {
  if (!context.stdinIsTty || !context.stderrIsTty || globals.output === "json") {
    throw new MybrokerError({
      code: "usage.question",
      message: `This asks "${question}" and there is no terminal to answer on`,
      hint: `answer it with ${flag}`,
      exitCode: exitCodes.usage,
    });
  }
  const prompt = createInterface({ input: streams.stdin, output: streams.stderr });
  try {
    const answer = await prompt.question(`${question} [y/N] `, { signal: context.signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}

/** JSON lets some through that a terminal acts on, or that break a line: C1, DEL, marks that turn the writing. */
function escapeControls(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function chooseProgress(setting: OutputSetting, write: (line: string) => void): ProgressDisplay {
  const { globals } = setting;
  if (globals.progress === "quiet") return quietProgress;
  if (globals.progress === "json") return createJsonProgress(write);
  if (globals.output === "json") return quietProgress;
  return setting.liveProgress ?? createPlainProgress(write, setting.context.now);
}

/** Resolves when the stream has room again, so that a slow reader slows the writer and memory stays bounded. */
function writeFully(stream: Writable, chunk: string | Uint8Array): Promise<void> {
  if (stream.write(chunk)) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      stream.off("drain", finish);
      stream.off("close", finish);
      resolve();
    };
    stream.once("drain", finish);
    stream.once("close", finish);
  });
}
