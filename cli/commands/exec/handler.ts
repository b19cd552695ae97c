import type { CommandHandler } from "../../kernel/command.js";
import { findProject } from "../../stack/find-project.js";
import { runInContainer } from "../../stack/run-in-container.js";

/** `exec`: the exit code is the command's. */
export const execInService: CommandHandler = async (request) => {
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
