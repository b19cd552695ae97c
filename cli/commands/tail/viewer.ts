import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest } from "../../kernel/command.js";
import type { Opened, Viewer } from "../../streams/watch-streams.js";
import type { Print } from "./printer.js";
import type { TailOptions } from "./read-options.js";
import { describeGap, describeSources, hintFor } from "./screen.js";
import type { Validator } from "./validator.js";

export interface Viewing {
  readonly options: TailOptions;
  readonly print: Print;
  readonly validator: Validator | undefined;
  readonly project: string;
}

/** A terminal that cannot follow is told of it this often at most. */
const dropNoteMs = 1_000;

/** What a user sees of a watch: records on stdout, and around them notes, which are records of their own in JSON. */
export function createViewer(
  request: CommandRequest,
  { options, print, validator, project }: Viewing,
): Viewer & { ended(): void } {
  const { output, context } = request;
  const tell = (notice: object, text: string): void => {
    // A stream of objects has nothing on stderr, and a gap must not be kept from its reader.
    if (output.json) void output.record(notice, project);
    else output.warn(text);
  };
  const problem = (text: string): void => tell({ kind: "problem", text }, text);
  let dropped = 0;
  let toldMs = Number.NEGATIVE_INFINITY;
  const tellDropped = (): void => {
    if (dropped === 0) return;
    toldMs = context.now();
    tell({ kind: "dropped", count: dropped }, `${dropped} dropped: they come faster than they are taken`);
    dropped = 0;
  };
  return {
    opened: (outcomes) => {
      const infos = outcomes.flatMap((outcome) => ("info" in outcome ? [outcome.info] : []));
      const failures = outcomes.flatMap((outcome) => ("failure" in outcome ? [outcome] : []));
      requireSome(infos.length, failures);
      for (const line of describeSources(infos, options, context.now())) output.note(line);
      for (const { source, failure } of failures)
        problem(`${source.name} is left out: ${messageOf(failure)}`);
    },
    show: (records) => {
      const findings = validator?.findBroken(records) ?? records.map((record) => ({ record }));
      return findings.length === 0 ? Promise.resolve() : print(findings);
    },
    silent: () => output.note(hintFor(options, context.invocation)),
    gap: (gap) => tell({ kind: "gap", ...gap }, describeGap(gap)),
    dropped: (count) => {
      dropped += count;
      if (context.now() - toldMs >= dropNoteMs) tellDropped();
    },
    ended: tellDropped,
    problem,
  };
}

type Failed = Extract<Opened, { failure: unknown }>;

/** What was asked for by a name that is not there is told; a broker that is away is done without, unless all are. */
function requireSome(opened: number, failures: readonly Failed[]): void {
  const errors = failures.map(({ failure }) => failure);
  const wrong = errors.find(
    (error) => !(error instanceof MybrokerError) || error.exitCode === exitCodes.usage,
  );
  if (wrong !== undefined) throw wrong;
  if (opened > 0 || errors.length === 0) return;
  const [only] = errors;
  if (errors.length === 1) throw only;
  throw new MybrokerError({
    code: "tail.nothing-there",
    message: "nothing answers that could be listened to",
    lines: failures.map(({ source, failure }) => `  ${source.name}: ${messageOf(failure)}`),
    hint: "{mybroker} up",
    exitCode: exitCodes.machine,
    details: { sources: failures.map(({ source }) => source.name) },
  });
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
