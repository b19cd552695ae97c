import type { Project } from "../../compose/model.js";
import { openProjectState } from "../../env/state-folder.js";
import type { CommandRequest } from "../../kernel/command.js";
import { findReplaced } from "../../replace/replaced.js";

/** The request without the services that a running `mybroker replace` has, and a word about each. */
export async function leaveReplaced(request: CommandRequest, project: Project): Promise<CommandRequest> {
  const { options, output } = request;
  const state = await openProjectState(request.context, project.workingDir);
  const replaced = await findReplaced(state, Object.keys(project.services));
  if (replaced.size === 0) return request;
  for (const [service, pid] of replaced) {
    output.note(`${service} is replaced by a program (mybroker replace, pid ${pid}) and left alone.`);
  }
  const exclude = [...((options.exclude as string[] | undefined) ?? []), ...replaced.keys()];
  return { ...request, options: { ...options, exclude } };
}
