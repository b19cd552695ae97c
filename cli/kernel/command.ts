import type { Output } from "../output/output.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Context } from "./context.js";

/** Options that every command takes (docs/commands.md, "Global options"). */
export interface GlobalOptions {
  readonly file: readonly string[];
  readonly projectName?: string;
  readonly projectDirectory?: string;
  readonly envFile: readonly string[];
  readonly profile: readonly string[];
  readonly runtime?: Runtime;
  readonly output: "text" | "json";
  readonly progress: "auto" | "tty" | "plain" | "json" | "quiet";
  readonly color: "auto" | "always" | "never";
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly debug: boolean;
}

export interface OptionDefinition {
  /** In commander's notation: "-x, --exclude <service...>". */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly defaultValue?: string | boolean | readonly string[];
  /** Turns the text into a value; throws a MybrokerError with exitCode 2 for a bad one. */
  readonly parse?: (text: string, previous: unknown) => unknown;
  readonly hidden?: boolean;
}

export interface ArgumentDefinition {
  /** In commander's notation: "[service...]" or "<service>". */
  readonly name: string;
  readonly description: string;
}

export interface CommandDefinition {
  readonly name: string;
  readonly aliases?: readonly { readonly name: string; readonly hidden: boolean }[];
  readonly summary: string;
  readonly arguments?: readonly ArgumentDefinition[];
  readonly options?: readonly OptionDefinition[];
  /** Everything after SERVICE belongs to the child (exec, connect). */
  readonly passThrough?: boolean;
  readonly examples?: readonly { readonly command: string; readonly explanation: string }[];
  /** "stream": with -o json one object a line instead of one document. */
  readonly kind?: "one-shot" | "stream";
  /** Loads the body; only here may a command reach for anything heavy. */
  load(): Promise<CommandHandler>;
}

export interface CommandRequest {
  /** "up" */
  readonly command: string;
  readonly context: Context;
  readonly output: Output;
  readonly globals: GlobalOptions;
  /** The command's own options, camelCased by commander. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
}

/** What a handler gives back; the kernel prints it. */
export interface CommandResult {
  /** Becomes `data` of the JSON document. */
  readonly data?: unknown;
  /** Lines of the text screen; ANSI colours only through `output.style`. */
  readonly text?: readonly string[];
  /** 0 when absent. `ok` of the JSON document is `exitCode === 0`. */
  readonly exitCode?: number;
  readonly project?: string;
  /** A result that explains its own failure (exit 1): printed as `error` of the document as well. */
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly details?: unknown;
  };
}

export type CommandHandler = (request: CommandRequest) => Promise<CommandResult>;
