import type { Engine } from "../engine/engine.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { countOf } from "../output/units.js";
import { containerLabels } from "../stack/container-state.js";
import { askStatus } from "./control-client.js";
import type { Place } from "./place.js";

/** A look that must not hold up a start without Docker. */
const lookTimeoutMs = 1_000;

/** The engine where one answers soon; undefined otherwise. Whoever asks closes it. */
export async function connectIfThere(
  { context, output }: CommandRequest,
  timeoutMs?: number,
): Promise<Engine | undefined> {
  const { connectEngine } = await import("../engine/connect.js");
  try {
    return await connectEngine(context, timeoutMs === undefined ? {} : { timeoutMs });
  } catch (error) {
    if (!(error instanceof MybrokerError)) throw error;
    output.debug(`no engine: ${error.message}`);
    return undefined;
  }
}

/**
 * Refuses to run a project twice: its ports and its data would be two worlds under one name.
 * @throws MybrokerError project.other-runtime, exit 3
 */
export async function refuseBesideDocker(request: CommandRequest, project: string): Promise<void> {
  const engine = await connectIfThere(request, lookTimeoutMs);
  try {
    const running = await engine?.listContainers({ labels: containerLabels(project), all: false });
    if (running === undefined || running.length === 0) return;
    throw otherRuntime(
      `${countOf(running.length, "container")} of ${project} ${running.length === 1 ? "runs" : "run"} on Docker`,
      `end that first:  {mybroker} ${givenName(request)}--runtime docker down      its data stays`,
    );
  } finally {
    engine?.close();
  }
}

/** The same from the other side. @throws MybrokerError project.other-runtime, exit 3 */
export async function refuseBesideEmbedded(request: CommandRequest, place: Place): Promise<void> {
  const status = await askStatus(place);
  if (status === undefined) return;
  throw otherRuntime(
    `${place.name} runs embedded already (pid ${status.pid})`,
    `end that first:  {mybroker} ${givenName(request)}--runtime embedded down      its data stays`,
  );
}

function givenName({ globals }: CommandRequest): string {
  return globals.projectName === undefined ? "" : `-p ${globals.projectName} `;
}

function otherRuntime(message: string, hint: string): MybrokerError {
  return new MybrokerError({ code: "project.other-runtime", message, hint, exitCode: exitCodes.machine });
}
