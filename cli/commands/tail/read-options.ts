import { toEngineTime } from "../../engine/log-time.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest } from "../../kernel/command.js";
import type { StreamChoice } from "../../streams/choose-streams.js";
import { readBackMost } from "../../streams/some-ways.js";
import type { WatchPlan } from "../../streams/watch-streams.js";

export type Format = "text" | "json" | "raw" | "hex";

/** What was asked for, as the parts that do it take it. */
export interface TailOptions {
  readonly choice: StreamChoice;
  readonly format: Format;
  readonly template?: string;
  readonly expressions: { readonly filter?: string; readonly stopWhen?: string };
  readonly validate: boolean;
  readonly trace?: string;
  readonly plan: Omit<WatchPlan, "filter" | "stopWhen">;
}

interface Given {
  readonly tail?: number | "all";
  readonly since?: string;
  readonly until?: string;
  readonly fromBeginning?: boolean;
  readonly follow?: boolean;
  readonly limit?: number;
  readonly idleTimeout?: number;
  readonly filter?: string;
  readonly stopWhen?: string;
  readonly kafka?: readonly string[];
  readonly rabbit?: readonly string[];
  readonly firehose?: boolean;
  readonly trace?: string;
  readonly validate?: boolean;
  readonly template?: string;
  readonly output?: Format;
}

const lastByDefault = 10;

/** @throws MybrokerError usage.conflict, usage.bad-time, exit 2 */
export function readTailOptions({ options, args, globals, context }: CommandRequest): TailOptions {
  const given = options as Given;
  const format = globals.output === "json" ? "json" : (given.output ?? "text");
  const { kafka = [], rabbit = [], firehose = false, validate = false, follow = true } = given;
  refuseConflicts(given, format);
  const timeOf = (text: string | undefined) =>
    text === undefined ? undefined : Math.round(Number(toEngineTime(text, context.now())) * 1000);
  const untilMs = timeOf(given.until);
  const sinceMs = timeOf(given.since);
  if (untilMs !== undefined && sinceMs !== undefined && untilMs < sinceMs) throw emptySpan(given);
  const selective = given.filter !== undefined || untilMs !== undefined;
  return withoutUndefined({
    choice: { names: args, kafka, rabbit, firehose },
    format,
    validate,
    template: given.template,
    trace: given.trace,
    expressions: withoutUndefined({ filter: given.filter, stopWhen: given.stopWhen }),
    plan: withoutUndefined({
      ...chooseStart(given, sinceMs, selective),
      follow,
      untilMs,
      limit: given.limit,
      idleTimeoutMs: given.idleTimeout,
    }),
  });
}

/** @param selective not every message of the past will be shown */
function chooseStart(
  { tail, fromBeginning, follow = true }: Given,
  sinceMs: number | undefined,
  selective: boolean,
): Pick<WatchPlan, "start" | "keepLast"> {
  const keepLast = typeof tail === "number" ? { keepLast: tail } : {};
  if (sinceMs !== undefined) return { start: { sinceMs }, ...keepLast };
  if (fromBeginning === true || tail === "all") return { start: "beginning" };
  const last = tail ?? lastByDefault;
  if (last === 0) return { start: "now" };
  if (selective) return { start: { last: Math.max(last, readBackMost) }, keepLast: last };
  // What comes while the past is read is part of what ends there: not one more than were asked for.
  return follow ? { start: { last } } : { start: { last }, keepLast: last };
}

function emptySpan({ since, until }: Given): MybrokerError {
  return new MybrokerError({
    code: "usage.conflict",
    message: `--until ${until} is before --since ${since}`,
    hint: "For example:  {mybroker} tail orders --since 1h --until 30m",
    exitCode: exitCodes.usage,
  });
}

function refuseConflicts(given: Given, format: Format): void {
  const flags: Readonly<Record<string, boolean>> = {
    "--from-beginning": given.fromBeginning === true,
    "--tail": given.tail !== undefined,
    "--since": given.since !== undefined,
    "--template": given.template !== undefined,
    "--validate": given.validate === true,
    "--trace": given.trace !== undefined,
    "--filter": given.filter !== undefined,
    "--stop-when": given.stopWhen !== undefined,
    "--kafka": given.kafka !== undefined,
    "--rabbit": given.rabbit !== undefined,
    "--firehose": given.firehose === true,
    "--limit": given.limit !== undefined,
    "--until": given.until !== undefined,
    "--idle-timeout": given.idleTimeout !== undefined,
    "--no-follow": given.follow === false,
    "-o raw": format === "raw",
    "-o hex": format === "hex",
    "-o json": format === "json",
  };
  const conflicts: readonly (readonly [string, readonly string[]])[] = [
    ["--from-beginning", ["--tail", "--since"]],
    ["--template", ["--validate", "-o raw", "-o hex", "-o json"]],
    ["--validate", ["-o raw", "-o hex"]],
    ["--trace", Object.keys(flags).filter((flag) => !["--trace", "-o json", "--no-follow"].includes(flag))],
  ];
  for (const [flag, others] of conflicts) {
    const other = flags[flag] === true ? others.find((name) => flags[name] === true) : undefined;
    if (other === undefined) continue;
    throw new MybrokerError({
      code: "usage.conflict",
      message: `${flag} and ${other} exclude each other`,
      hint: "Its options:  {mybroker} tail --help",
      exitCode: exitCodes.usage,
    });
  }
}

type Defined<Values> = { [Key in keyof Values]: Exclude<Values[Key], undefined> };

function withoutUndefined<Values extends object>(values: Values): Defined<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Defined<Values>;
}
