import type { ExecSession } from "../engine/engine.js";
import type { Runtime } from "../runtime/runtime.js";

/** Colours and emphasis; every function is the identity where colour is off. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** One thing that is going on: a service that starts, an image that is pulled. */
export interface ProgressEvent {
  /** Stable id of the row: "service/kafka", "image/mysql:8.0.44". */
  readonly id: string;
  /** What a person reads in the first column. */
  readonly label: string;
  readonly status: "waiting" | "working" | "done" | "failed" | "skipped";
  /** Short and true: "initialising, 6 s", "ready 4.2 s", "waits for kafka". */
  readonly text: string;
  /** Bytes or pieces, where there is a total. */
  readonly current?: number;
  readonly total?: number;
}

/** What a command in a container wrote, read as UTF-8. */
export interface CapturedText {
  readonly stdout: string;
  readonly stderr: string;
}

/** The only writer to stdout and stderr. Results go to stdout, progress and notes to stderr. */
export interface Output {
  readonly style: Style;
  /** Says where the project runs, as soon as that is decided: every document carries it. */
  useRuntime(runtime: Runtime): void;
  /** True with -o json: handlers then need not build text. */
  readonly json: boolean;
  /** Text on stdout, of a streaming command a line (logs, tail); resolves when the reader has room for more. */
  line(text: string): Promise<void>;
  /** Lines that take the place of the ones repainted before on a terminal; elsewhere they follow a blank line. */
  repaint(lines: readonly string[]): Promise<void>;
  /** Gives this run's input and output to a command in a container until that ends; its bytes pass as they are. */
  attach(session: ExecSession, tty: boolean): Promise<void>;
  /** Gives it this run's input and keeps what it writes, for a JSON document. */
  capture(session: ExecSession): Promise<CapturedText>;
  /** Bytes on stdout as they are, for programs; only where one of them is a secret as text, with that replaced. */
  bytes(bytes: Uint8Array): Promise<void>;
  /** One object of a JSON stream (-o json of a streaming command), wrapped in the envelope. */
  record(data: unknown, project: string | null): Promise<void>;
  /** Many of them at once, which costs one write. */
  records(data: readonly unknown[], project: string | null): Promise<void>;
  /** A note on stderr: one line, shown also when progress is quiet only if it is a warning. */
  note(text: string): void;
  warn(text: string): void;
  /** Only with --debug, on stderr. */
  debug(text: string): void;
  progress(event: ProgressEvent): void;
  /** Ends the live area: the last state stays on a terminal. */
  progressDone(): void;
  /**
   * Asks; with --yes answers true. Outside a terminal throws a MybrokerError (exit 2) that names `flag`.
   */
  confirm(question: string, flag: string): Promise<boolean>;
  /** Registers a value that must never be printed: every later write has it replaced by ••••. */
  redact(secret: string): void;
  /** A copy of JSON-like data without the registered secrets, for text that escapes what it prints. */
  withoutSecrets<Value>(data: Value): Value;
}
