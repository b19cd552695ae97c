import type { CommandHandler } from "../../kernel/command.js";
import { lookAtStack, runs } from "../../runtime/stack-state.js";
import { findEmbeddedMark } from "../../seed/find-mark.js";
import { chooseNext } from "./next-commands.js";
import { renderGreeting } from "./screen.js";

/** An engine that takes longer to say what runs is told as one that does not answer. */
const lookLimitMs = 900;

/** `mybroker` alone: what it is, how things stand, and the next command. Exit 0 whatever it finds. */
export const greet: CommandHandler = async (request) => {
  const { context, output } = request;
  const state = await lookAtStack(request, lookLimitMs);
  const { project, runtime, engine, pid, place, services } = state;
  if (runtime !== null) output.useRuntime(runtime);
  const mark = place === undefined || pid === null ? undefined : await findEmbeddedMark(place);
  const next = chooseNext(state).map(([command, purpose]) => ({
    command: `${context.invocation} ${command}`,
    purpose,
  }));
  const namesOf = (condition: string) =>
    services.filter((service) => service.condition === condition).map(({ name }) => name);
  return {
    ...(project === null ? {} : { project }),
    data: {
      ...{ version: context.version, project, engine },
      running: services.filter(runs).length,
      services: services.length,
      ready: namesOf("ready").length,
      unwell: namesOf("unwell"),
      seeded: mark === undefined ? null : mark !== null,
      embedded: pid === null ? null : { pid },
      next: next.map(({ command }) => command),
    },
    text: renderGreeting({ version: context.version, state, mark, next, style: output.style }),
  };
};
