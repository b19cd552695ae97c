import type { Engine } from "../../engine/engine.js";
import { openProjectState } from "../../env/state-folder.js";
import { hasRecordedVolumes } from "../../env/volume-fingerprints.js";
import { MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { chooseRuntime } from "../../runtime/choose-runtime.js";
import { findRecordedRuntime, type RecordedRuntime } from "../../runtime/runtime-record.js";
import { embeddableServices } from "../../runtime/runtime-settings.js";
import { openProject } from "../../stack/open-stack.js";
import { profilesOf } from "./options.js";

/** `up`: choose where, then make it so and wait until everything answers. */
export const bringUp: CommandHandler = async (request) => {
  const startedMs = performance.now();
  const recorded = await findRecordedRuntime(request);
  const wanted = request.globals.runtime ?? recorded?.runtime;
  if (wanted === "embedded") return embedded(request, { startedMs });
  const engine = await connect(request);
  const failure = engine instanceof MybrokerError ? engine : undefined;
  const choice = await choose(request, recorded, failure);
  if (choice.runtime === "none") throw choice.refusal;
  if (choice.runtime === "embedded") return embedded(request, { startedMs, ...choice });
  return onDocker(request, { engine: engine as Engine, recorded, startedMs });
};

async function connect({ context }: CommandRequest): Promise<Engine | MybrokerError> {
  const { connectEngine } = await import("../../engine/connect.js");
  try {
    return await connectEngine(context);
  } catch (error) {
    if (error instanceof MybrokerError) return error;
    throw error;
  }
}

async function choose(
  request: CommandRequest,
  recorded: RecordedRuntime | undefined,
  dockerFailure: MybrokerError | undefined,
) {
  const asked = request.globals.runtime;
  if (dockerFailure === undefined) {
    return { runtime: "docker" } as const;
  }
  // A mistake in the user's files is told before an absent engine.
  const { project } = await openProject(request, {
    missingVariables: "empty",
    services: request.args,
    moreProfiles: profilesOf(request.options),
  });
  const state = await openProjectState(request.context, project.workingDir).catch(() => undefined);
  const dockerData = state !== undefined && (await hasRecordedVolumes(state, project.name));
  const embeddable = embeddableServices(project).length > 0;
  return chooseRuntime({ asked, recorded: recorded?.runtime, dockerData, embeddable, dockerFailure });
}

interface DockerRun {
  readonly engine: Engine;
  readonly recorded: RecordedRuntime | undefined;
  readonly startedMs: number;
}

/** A first run that finds no way to its images runs embedded instead; nothing was created by then. */
async function onDocker(
  request: CommandRequest,
  { engine, recorded, startedMs }: DockerRun,
): Promise<CommandResult> {
  const asked = request.globals.runtime;
  let failure: MybrokerError | undefined;
  request.output.useRuntime("docker");
  if (request.context.env.CI) {
    const certain = (asked ?? recorded?.runtime) === "docker";
    request.output.note(`Runtime: docker${certain ? "" : ", or embedded where its images cannot be had"}`);
  }
  const { bringUpOnDocker } = await import("./on-docker.js");
  const result = await bringUpOnDocker(request, {
    engine,
    startedMs,
    onUnreachableImages: (error, facts) => {
      const choice = chooseRuntime({ ...facts, asked, recorded: recorded?.runtime, dockerFailure: error });
      if (choice.runtime === "none") throw choice.refusal;
      failure = error;
    },
  });
  if (result !== undefined) return result;
  return embedded(request, { startedMs, ...(failure === undefined ? {} : { because: failure }) });
}

async function embedded(
  request: CommandRequest,
  start: { readonly startedMs: number; readonly because?: MybrokerError },
): Promise<CommandResult> {
  request.output.useRuntime("embedded");
  const { bringUpEmbedded } = await import("./embedded.js");
  return bringUpEmbedded(request, start);
}
