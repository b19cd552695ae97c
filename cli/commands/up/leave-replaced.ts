import type { Project } from "../../compose/model.js";
import { openProjectState } from "../../env/state-folder.js";
import type { CommandRequest } from "../../kernel/command.js";
import { tellReplaced } from "../../replace/replaced.js";

/** The request without the services that a running `mybroker replace` has, and a word about each. */
export async function leaveReplaced(request: CommandRequest, project: Project): Promise<CommandRequest> {
  const { options, output } = request;
  const state = await openProjectState(request.context, project.workingDir);
  const replaced = await tellReplaced(output, state, Object.keys(project.services));
  if (replaced.length === 0) return request;
  const exclude = [...((options.exclude as string[] | undefined) ?? []), ...replaced];
  return { ...request, options: { ...options, exclude } };
}
