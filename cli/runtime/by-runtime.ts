import { loadEnvironment } from "../compose/load-environment.js";
import { createLoadRequest } from "../compose/load-request.js";
import { hasRecordedVolumes } from "../env/volume-fingerprints.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../kernel/command.js";
import { findPlace, type Place } from "./place.js";
import { findRecordedRuntime, readProjectName } from "./runtime-record.js";

export type EmbeddedHandler = (request: CommandRequest, place: Place) => Promise<CommandResult>;

/**
 * A command that works on what runs: on Docker, unless the project's last `up` or the user chose the embedded runtime.
 * Before the first `up` of a project no engine is needed to know that nothing runs.
 */
export function byRuntime(docker: CommandHandler, embedded: () => Promise<EmbeddedHandler>): CommandHandler {
  return async (request) => {
    const place = await findEmbeddedPlace(request);
    if (place !== undefined) return (await embedded())(request, place);
    try {
      return await docker(request);
    } catch (error) {
      const untouched = await findUntouchedPlace(request, error);
      return (await embedded())(request, untouched);
    }
  };
}

/** A command that only containers can do. */
export function onDockerOnly(what: string, docker: CommandHandler): CommandHandler {
  return async (request) => {
    const place = await findEmbeddedPlace(request);
    if (place === undefined) return docker(request);
    throw new MybrokerError({
      code: "usage.docker-only",
      message: `${place.name} runs embedded, without ${what}`,
      hint: "On Docker:  {mybroker} down  and then  {mybroker} up --runtime docker",
      exitCode: exitCodes.usage,
    });
  };
}

/**
 * Where a project's embedded runtime would be that was never started anywhere, as far as can be told without an engine.
 * @throws the failure itself, where it is another one or the project may have something on Docker
 */
export async function findUntouchedPlace(request: CommandRequest, failure: unknown): Promise<Place> {
  if (!(failure instanceof MybrokerError) || !failure.code.startsWith("engine.")) throw failure;
  const { context, globals, output } = request;
  if (globals.runtime !== undefined || (await findRecordedRuntime(request))?.runtime !== undefined)
    throw failure;
  const { workingDir: folder } = await loadEnvironment(createLoadRequest(context, globals));
  const place = await findPlace(context, { name: await readProjectName(request), folder });
  if (await hasRecordedVolumes(place.state, place.name)) throw failure;
  const { message } = failure;
  output.note(`${message[0]?.toUpperCase()}${message.slice(1).replace(/\.$/, "")}.`);
  return place;
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
