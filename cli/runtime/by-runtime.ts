import { loadEnvironment } from "../compose/load-environment.js";
import { createLoadRequest } from "../compose/load-request.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../kernel/command.js";
import { findPlace, type Place } from "./place.js";
import { findRecordedRuntime, readProjectName } from "./runtime-record.js";

export type EmbeddedHandler = (request: CommandRequest, place: Place) => Promise<CommandResult>;

/** A command that works on what runs: on Docker, unless the project's last `up` or the user chose the embedded runtime. */
export function byRuntime(docker: CommandHandler, embedded: () => Promise<EmbeddedHandler>): CommandHandler {
  return async (request) => {
    const place = await findEmbeddedPlace(request);
    return place === undefined ? docker(request) : (await embedded())(request, place);
  };
}

/** A command that only containers can do. */
export function onDockerOnly(what: string, docker: CommandHandler): CommandHandler {
  return byRuntime(docker, async () => async ({ command }, { name }) => {
    throw new MybrokerError({
      code: "usage.docker-only",
      message: `${name} runs embedded, in one process: ${what}`,
      hint: `On Docker:  {mybroker} up --runtime docker  , then  {mybroker} ${command}`,
      exitCode: exitCodes.usage,
    });
  });
}

/** For commands that do the same everywhere: their documents carry what was chosen. */
export async function tellRuntime(request: CommandRequest): Promise<void> {
  if (request.globals.runtime !== undefined) return;
  const recorded = await findRecordedRuntime(request);
  if (recorded?.runtime !== undefined) request.output.useRuntime(recorded.runtime);
}

/** Where the project's embedded runtime is, if that is what the project has; undefined: look at Docker. */
export async function findEmbeddedPlace(request: CommandRequest): Promise<Place | undefined> {
  const { context, globals, output } = request;
  const recorded = globals.runtime === "docker" ? undefined : await findRecordedRuntime(request);
  const runtime = globals.runtime ?? recorded?.runtime;
  if (runtime !== undefined) output.useRuntime(runtime);
  if (runtime !== "embedded") return undefined;
  const folder = recorded?.folder ?? (await loadEnvironment(createLoadRequest(context, globals))).workingDir;
  return findPlace(context, { name: recorded?.name ?? (await readProjectName(request)), folder });
}
