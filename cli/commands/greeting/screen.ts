import type { MybrokerError } from "../../errors/mybroker-error.js";
import type { Style } from "../../output/output.js";
import { countOf, wrap } from "../../output/units.js";
import { runs, type ServiceCondition, type StackState } from "../../runtime/stack-state.js";
import type { SeedMark } from "../../seed/load/mark.js";

export interface Greeting {
  readonly version: string;
  readonly state: StackState;
  /** null: nothing is seeded; undefined: not known. */
  readonly mark: SeedMark | null | undefined;
  /** As they are to be typed. */
  readonly next: readonly { readonly command: string; readonly purpose: string }[];
  readonly style: Style;
}

export function renderGreeting({ version, state, mark, next, style }: Greeting): string[] {
  const width = Math.max(...next.map(({ command }) => command.length));
  return [
    `${style.bold("mybroker")} ${version}: My Broker B3 on your machine, a stock brokerage and the`,
    "exchange it trades on, as containers or in one process.",
    "",
    ...describeState(state, style),
    ...describeMark(mark),
    "",
    ...next.map(({ command, purpose }) => `  ${command.padEnd(width)}  ${purpose}`),
  ];
}

function describeState(state: StackState, style: Style): string[] {
  const { project, services, failure } = state;
  if (failure !== undefined) return describeFailure(state, failure);
  if (!services.some(runs)) return wrap(`Project ${project}: nothing runs (${describeWhere(state)}).`);
  const ready = services.filter(({ condition }) => condition === "ready");
  const all = ready.length === services.length;
  const total = countOf(services.length, "service");
  const line = `Project ${project}: ${all ? `all ${total}` : `${ready.length} of ${total}`} ready, ${describeWhere(state)}.`;
  const paint = all ? style.green : style.yellow;
  return [...wrap(line).map((text) => paint(text)), ...describeOthers(services)];
}

/** "on Docker 28.5.2" */
function describeWhere({ runtime, engine, pid }: StackState): string {
  if (runtime === "docker") return `on Docker ${engine}`;
  return pid === null ? "embedded, without Docker" : `embedded in one process, pid ${pid}`;
}

const words: Readonly<Partial<Record<ServiceCondition, string>>> = {
  unwell: "not well",
  starting: "starting",
  stopped: "stopped",
  absent: "not started",
};
/** The others are counted. */
const namedServices = 3;

function describeOthers(services: StackState["services"]): string[] {
  return Object.entries(words).flatMap(([condition, word]) => {
    const names = services.filter((service) => service.condition === condition).map(({ name }) => name);
    if (names.length === 0) return [];
    const more = names.length - namedServices;
    const shown =
      more > 1 ? `${names.slice(0, namedServices).join(", ")} and ${more} more` : names.join(", ");
    return [`  ${word.padEnd(11)}  ${shown}`];
  });
}

/** What was said where nothing could be found out, and for Docker what that means. */
function describeFailure({ runtime }: StackState, { code, message, hint }: MybrokerError): string[] {
  if (code === "compose.no-file") return ["There is no project in this folder."];
  // The name of a file stays as it is.
  const begin = /^\S*[./]/.test(message) ? message[0] : message[0]?.toUpperCase();
  const sentence = `${begin}${message.slice(1).replace(/\.$/, "")}.`;
  if (code.startsWith("engine.") && runtime === null)
    return [...wrap(sentence), "Without it the stack runs embedded, in one process."];
  return [...wrap(sentence), ...(hint === undefined ? [] : wrap(`To do: ${hint}`))];
}

function describeMark(mark: Greeting["mark"]): string[] {
  if (mark === undefined) return [];
  if (mark === null) return ["Nothing is seeded: the books and accounts hold what you did."];
  const { dataSet, scale } = mark;
  return [`Seeded with data set ${dataSet}, scale ${scale}.`];
}
