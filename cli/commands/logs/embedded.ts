import type { LogEntry } from "../../../contracts/embedded-control.js";
import { toEngineTime } from "../../engine/log-time.js";
import type { CommandRequest, CommandResult } from "../../kernel/command.js";
import { askStatus } from "../../runtime/control-client.js";
import type { Place } from "../../runtime/place.js";
import { endOfLog, followLog, readLog } from "../../runtime/read-log.js";
import { checkServiceNames } from "../../stack/service-names.js";
import { createPrinter, type Print } from "./printer.js";

/** The services whose lines may be asked for: the process itself is one of them. */
const processName = "runtime";

/** `logs` of the embedded runtime, from its files: it need not run. */
export async function printEmbeddedLogs(request: CommandRequest, place: Place): Promise<CommandResult> {
  const { args, context, options, output } = request;
  const from = endOfLog(place.logPath);
  const history = readLog(place.logPath);
  const running = await askStatus(place);
  const known = new Set([
    processName,
    ...(running?.services.map(({ name }) => name) ?? []),
    ...history.map(({ service }) => service),
  ]);
  checkServiceNames(args, [...known]);
  if (history.length === 0 && running === undefined) {
    output.note(`Nothing to read: ${place.name} never ran here.`);
    return { project: place.name };
  }
  const names = [...known].filter((name) => args.length === 0 || args.includes(name));
  const wanted = selector(request, new Set(names));
  const print = createPrinter(names, place.name, request);
  for (const entry of takeLast(history.filter(wanted), options.tail)) await print(toLine(entry));
  if (options.follow !== true || context.signal.aborted) return { project: place.name };
  await follow(place, from, { print, wanted, signal: context.signal });
  return { project: place.name };
}

async function follow(
  place: Place,
  from: ReturnType<typeof endOfLog>,
  { print, wanted, signal }: { print: Print; wanted: (entry: LogEntry) => boolean; signal: AbortSignal },
): Promise<void> {
  const goesOn = async (): Promise<boolean> => (await askStatus(place)) !== undefined;
  for await (const entry of followLog(place.logPath, from, { signal, goesOn })) {
    if (wanted(entry)) await print(toLine(entry));
  }
}

function selector(
  { context, options }: CommandRequest,
  services: ReadonlySet<string>,
): (entry: LogEntry) => boolean {
  const timeOf = (value: unknown, missing: number): number =>
    typeof value === "string" ? Number(toEngineTime(value, context.now())) * 1000 : missing;
  const sinceMs = timeOf(options.since, Number.NEGATIVE_INFINITY);
  const untilMs = timeOf(options.until, Number.POSITIVE_INFINITY);
  return ({ service, time }) => {
    const timeMs = Date.parse(time);
    return services.has(service) && timeMs >= sinceMs && timeMs <= untilMs;
  };
}

/** The last lines of each service, in the order of the whole. */
function takeLast(entries: readonly LogEntry[], tail: unknown): readonly LogEntry[] {
  if (typeof tail !== "number") return entries;
  const left = new Map<string, number>();
  const kept = [...entries].reverse().filter(({ service }) => {
    const taken = left.get(service) ?? 0;
    left.set(service, taken + 1);
    return taken < tail;
  });
  return kept.reverse();
}

function toLine({ service, level, time, text }: LogEntry) {
  const channel = level === "info" ? ("stdout" as const) : ("stderr" as const);
  return { service, container: "embedded", channel, time, text };
}
