import { fitLines } from "../errors/fit-lines.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { renderError, toMybrokerError } from "../errors/render-error.js";
import { createOutput, type RunOutput, type Streams } from "../output/create-output.js";
import { unblockTerminal } from "../output/terminal-stdout.js";
import { watchReader } from "../output/watch-reader.js";
import type { CommandDefinition, CommandResult, GlobalOptions } from "./command.js";
import type { Context } from "./context.js";
import { resolveGlobalOptions } from "./global-options.js";
import { type Invocation, parseCommandLine } from "./program.js";

export interface RunRequest {
  readonly argv: readonly string[];
  readonly context: Context;
  readonly commands: readonly CommandDefinition[];
  /** What `mybroker` without a command does. */
  readonly greeting: CommandDefinition;
  readonly streams: Streams;
}

/** One run of the CLI, from words to exit code; never throws. */
export async function run(request: RunRequest): Promise<number> {
  const { context, streams } = request;
  let invocation: Invocation;
  try {
    invocation = parseCommandLine(request.argv, request.commands, context.invocation);
  } catch (thrown) {
    // Whether JSON was asked for is not parsed yet when parsing itself fails.
    const json =
      request.argv.includes("--json") || /(^| )(-o|--output)[ =]?json( |$)/.test(request.argv.join(" "));
    const globals = resolveGlobalOptions({ json }, context.env);
    const output = createOutput({ context, globals, streams, command: "usage" });
    return reportError(toMybrokerError(thrown), { output, globals, context, command: "usage" });
  }
  if (invocation.kind === "help" || invocation.kind === "version") {
    streams.stdout.write(`${invocation.kind === "help" ? invocation.text : context.version}\n`);
    return exitCodes.done;
  }
  const definition = invocation.kind === "command" ? invocation.definition : request.greeting;
  const globals = resolveGlobalOptions(invocation.values, context.env);
  const liveProgress = await loadLiveProgress(context, globals, streams);
  const isStream = definition.kind === "stream";
  const output = createOutput({
    context,
    globals,
    streams: isStream ? { ...streams, stdout: unblockTerminal(streams.stdout) } : streams,
    command: definition.name,
    ...(liveProgress ? { liveProgress } : {}),
  });
  const place = { output, globals, context, command: definition.name };
  const stopWatching = tellOfInterruption(context.signal, output);
  const stopWatchingReader = isStream ? watchReader(streams.stdout) : undefined;
  try {
    checkRuntime(globals);
    const handler = await definition.load();
    const result = await handler({
      command: definition.name,
      context,
      output,
      globals,
      options: invocation.values,
      args: invocation.kind === "command" ? invocation.args : [],
    });
    output.progressDone();
    return await reportResult(result, definition, place);
  } catch (thrown) {
    output.progressDone();
    if (!context.signal.aborted) return reportError(toMybrokerError(thrown), place);
    // Whoever follows a stream ends it with Ctrl-C: nothing is left undone.
    if (definition.kind === "stream" && !(thrown instanceof MybrokerError)) return exitCodes.done;
    return reportError(interruption(thrown, request.argv), place);
  } finally {
    stopWatching();
    stopWatchingReader?.();
  }
}

/** Silence after Ctrl-C for longer than this looks as if it had not been heard. */
const heardWithinMs = 1_000;

/** Says that what has begun (a container that takes its time to stop) is brought to its end. */
function tellOfInterruption(signal: AbortSignal, output: RunOutput): () => void {
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void =>
    output.note("Interrupted: what has begun is brought to its end; Ctrl-C once more leaves at once.");
  const start = (): void => {
    timer = setTimeout(tell, heardWithinMs);
  };
  signal.addEventListener("abort", start, { once: true });
  return () => {
    signal.removeEventListener("abort", start);
    clearTimeout(timer);
  };
}

interface Place {
  readonly output: RunOutput;
  readonly globals: GlobalOptions;
  readonly context: Context;
  readonly command: string;
}

async function reportResult(
  result: CommandResult,
  definition: CommandDefinition,
  place: Place,
): Promise<number> {
  const exitCode = result.exitCode ?? exitCodes.done;
  if (place.globals.output === "json") {
    if (definition.kind === "stream" && result.data === undefined && result.error === undefined)
      return exitCode;
    const error =
      result.error === undefined
        ? null
        : spellCommands({ hint: null, details: null, ...result.error, exitCode }, place.context.invocation);
    await writeDocument(place, {
      ok: exitCode === 0,
      project: result.project,
      data: result.data ?? null,
      error,
    });
    return exitCode;
  }
  const text = (result.text ?? []).map((line) => line.replaceAll("{mybroker}", place.context.invocation));
  if (text.length > 0) await place.output.line(text.join("\n"));
  return exitCode;
}

async function reportError(error: MybrokerError, place: Place): Promise<number> {
  const { globals, context } = place;
  await (await import("../stack/open-stack.js")).redactSecrets(place);
  const { code, message, hint = null, exitCode, details = null } = error;
  const described = { code, message, hint, exitCode, details };
  const facts = { ok: false, data: null, error: spellCommands(described, context.invocation) };
  if (globals.output === "json") await writeDocument(place, facts);
  else if (globals.progress === "json") place.output.writeError(formatDocument(place, facts));
  else {
    const lines = renderError(error, context.invocation, globals.debug);
    // Who reads it off a terminal looks for sentences.
    place.output.writeError((context.stderrIsTty ? fitLines(lines, context.columns) : lines).join("\n"));
  }
  return error.exitCode;
}

/** The texts of an error, also those in its details, with this run's spelling of the program. */
function spellCommands(error: unknown, invocation: string): unknown {
  const spell = (_: string, value: unknown) =>
    typeof value === "string" ? value.replaceAll("{mybroker}", invocation) : value;
  return JSON.parse(JSON.stringify(error, spell));
}

interface DocumentFacts {
  readonly ok: boolean;
  readonly project?: string | undefined;
  readonly data: unknown;
  readonly error: unknown;
}

function writeDocument(place: Place, facts: DocumentFacts): Promise<void> {
  return place.output.line(formatDocument(place, facts));
}

function formatDocument(place: Place, facts: DocumentFacts): string {
  const document = {
    schema: `mybroker/${place.command}@1`,
    ok: facts.ok,
    runtime: place.output.runtime,
    project: facts.project ?? null,
    data: facts.data,
    error: facts.error,
  };
  return JSON.stringify(place.output.withoutSecrets(document));
}

/** The live area needs a spinner library that plain runs never load. */
async function loadLiveProgress(context: Context, globals: GlobalOptions, streams: Streams) {
  const wanted =
    globals.progress === "tty" ||
    (globals.progress === "auto" && context.stderrIsTty && !context.env.CI && context.env.TERM !== "dumb");
  const stream = streams.stderr as NodeJS.WriteStream;
  // A terminal that was told no size (script, expect) says 0: whoever divides by that erases lines for ever.
  if (!wanted || globals.output === "json" || stream.columns === 0 || stream.rows === 0) return undefined;
  const { createLiveProgress } = await import("../output/live-progress.js");
  return createLiveProgress(stream, context.columns);
}

/** What a signal cut short may fail in any way; only a message made for the user says more than the signal does. */
function interruption(thrown: unknown, argv: readonly string[]): MybrokerError {
  if (thrown instanceof MybrokerError) return thrown;
  return new MybrokerError({
    code: "run.interrupted",
    message: "Interrupted: what was done stays done",
    hint: `go on:  {mybroker} ${argv.map(quoteForShell).join(" ")}`,
    // main answers with 128 + the signal's number; this stands for a run inside another program.
    exitCode: 130,
  });
}

function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A choice that comes from the environment is checked like one from the command line. */
function checkRuntime(globals: GlobalOptions): void {
  if (globals.runtime === undefined || ["docker", "embedded"].includes(globals.runtime)) return;
  throw new MybrokerError({
    code: "usage.runtime",
    message: `unknown runtime ${globals.runtime} in MYBROKER_RUNTIME`,
    hint: "Choose one:  {mybroker} up --runtime docker  or  {mybroker} up --runtime embedded",
    exitCode: exitCodes.usage,
  });
}
