import { MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest } from "../../kernel/command.js";
import { countOf } from "../../output/units.js";
import { findEmbeddedPlace } from "../../runtime/by-runtime.js";
import { askStatus } from "../../runtime/control-client.js";
import type { Place } from "../../runtime/place.js";
import { containerLabels } from "../../stack/container-state.js";
import { findProject } from "../../stack/find-project.js";

/** `mybroker` alone: what it is, how things stand, and the next command. Exit 0 whatever it finds. */
export const greet: CommandHandler = async (request) => {
  const { context, output } = request;
  const place = await findEmbeddedPlace(request).catch(() => undefined);
  const state = place === undefined ? await look(request) : await lookEmbedded(place);
  const next = nextCommands(state).map(([command = "", purpose = ""]) => ({
    command: command.replace("{mybroker}", context.invocation),
    purpose,
  }));
  const width = Math.max(...next.map(({ command }) => command.length));
  const { project, engine, running, embedded = null } = state;
  return {
    ...(project === null ? {} : { project }),
    data: {
      version: context.version,
      project,
      engine,
      running,
      embedded,
      next: next.map(({ command }) => command),
    },
    text: [
      `${output.style.bold("mybroker")} ${context.version}: My Broker B3 on your machine, a stock brokerage and the`,
      "exchange it trades on.",
      "",
      state.line,
      "",
      ...next.map(({ command, purpose }) => `  ${command.padEnd(width)}  ${purpose}`),
    ],
  };
};

interface State {
  readonly project: string | null;
  /** Version; null where none answers. */
  readonly engine: string | null;
  /** Containers of the project, or its services in the embedded runtime. */
  readonly running: number;
  readonly line: string;
  /** The process of the embedded runtime. */
  readonly embedded?: { readonly pid: number } | null;
}

async function lookEmbedded(place: Place): Promise<State> {
  const project = place.name;
  const status = await askStatus(place).catch(() => undefined);
  if (status === undefined) {
    const line = `Project ${project}: nothing runs (embedded, without Docker).`;
    return { project, engine: null, running: 0, line };
  }
  const running = status.services.filter(({ state }) => state === "ready").length;
  const { pid } = status;
  const line = `Project ${project}: ${countOf(running, "service")} embedded in one process, pid ${pid}.`;
  return { project, engine: null, running, embedded: { pid }, line };
}

async function look(request: CommandRequest): Promise<State> {
  // Whatever is to be said of the files is said by the command that needs them.
  const quiet = { ...request, output: { ...request.output, warn: () => {} } };
  try {
    const { engine, name } = await findProject(quiet);
    const containers = await engine.listContainers({ labels: containerLabels(name), all: false });
    engine.close();
    const running = containers.length;
    const what = running === 0 ? "nothing runs" : `${running} container${running === 1 ? "" : "s"} running`;
    const { version } = engine.facts;
    return { project: name, engine: version, running, line: `Project ${name}: ${what} (Docker ${version}).` };
  } catch (error) {
    if (!(error instanceof MybrokerError)) throw error;
    const message = `${error.message[0]?.toUpperCase()}${error.message.slice(1).replace(/\.$/, "")}.`;
    const line = error.code.startsWith("engine.")
      ? `${message}\nWithout it the stack runs embedded, in one process.`
      : message;
    return { project: null, engine: null, running: 0, line };
  }
}

function nextCommands({ running }: State): string[][] {
  const help = ["{mybroker} --help", "all commands"];
  const up = ["{mybroker} up", "start it and wait until everything answers"];
  const ps = ["{mybroker} ps", "what runs, and where"];
  return running === 0
    ? [up, ps, help]
    : [ps, ["{mybroker} logs -f", "what it writes"], ["{mybroker} down", "stop; data stays"], help];
}
