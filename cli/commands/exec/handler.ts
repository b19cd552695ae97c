import type { CommandHandler } from "../../kernel/command.js";
import { onDockerOnly } from "../../runtime/by-runtime.js";
import { findProject } from "../../stack/find-project.js";
import { runInContainer } from "../../stack/run-in-container.js";

/** `exec`: the exit code is the command's. */
const runInService: CommandHandler = async (request) => {
  const { args, options } = request;
  const [service = "", ...command] = args;
  const found = await findProject(request);
  try {
    return await runInContainer(found, request, {
      service,
      command: {
        command,
        terminal: options.tty !== false,
        ...(typeof options.user === "string" ? { user: options.user } : {}),
        ...(typeof options.workdir === "string" ? { workingDir: options.workdir } : {}),
        ...(Array.isArray(options.env) ? { env: options.env as string[] } : {}),
      },
    });
  } finally {
    found.engine.close();
  }
};

export const execInService = onDockerOnly("containers to run a command in", runInService);
