import type { Project } from "../compose/model.js";
import { findHostAddress } from "../engine/host-address.js";
import { openProjectState } from "../env/state-folder.js";
import type { CommandRequest } from "../kernel/command.js";
import { findEmbeddedPlace } from "../runtime/by-runtime.js";
import type { Reach } from "./open-streams.js";

/** From the files alone: no engine is asked where a port is. */
export async function findReach(request: CommandRequest, project: Project): Promise<Reach> {
  const { context } = request;
  const place = await findEmbeddedPlace(request);
  const state = await openProjectState(context, project.workingDir).catch(() => undefined);
  const stateFolder = (place?.state ?? state)?.folder;
  if (place !== undefined) return { project, host: "127.0.0.1", socketPath: place.socketPath, stateFolder };
  return { project, host: findHostAddress(context), stateFolder };
}
