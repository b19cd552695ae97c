import { openProjectState } from "../env/state-folder.js";
import { MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { lockProject } from "../preflight/lock.js";

interface LockedProject {
  readonly name: string;
  /** Its state has the lock. */
  readonly folder: string;
}

/**
 * Runs the work while no other command changes the project. Where the state folder cannot be used there is no lock,
 * and that is said: it must not keep anyone from starting or stopping a stack.
 * @throws MybrokerError project.busy, exit 3
 */
export async function whileLocked<Result>(
  request: CommandRequest,
  project: LockedProject,
  work: () => Promise<Result>,
): Promise<Result> {
  const unlock = request.globals.dryRun ? () => {} : await takeLock(request, project);
  try {
    return await work();
  } finally {
    unlock();
  }
}

async function takeLock(request: CommandRequest, project: LockedProject): Promise<() => void> {
  try {
    const state = await openProjectState(request.context, project.folder);
    return lockProject(state.folder, project.name, request.command);
  } catch (error) {
    if (error instanceof MybrokerError && error.code === "project.busy") throw error;
    const reason = error instanceof Error ? error.message : String(error);
    request.output.warn(
      `Nothing keeps a second command from changing ${project.name} at the same time: ${reason}. ` +
        "A folder for it can be named:  export XDG_STATE_HOME=/path/to/folder",
    );
    return () => {};
  }
}
