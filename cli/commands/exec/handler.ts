import type { CommandHandler } from "../../kernel/command.js";
import { openStack } from "../../stack/open-stack.js";
import { runInContainer } from "../../stack/run-in-container.js";

/** `exec`: the exit code is the command's. */
export const execInService: CommandHandler = async (request) => {
  const { args, options } = request;
  const [service = "", ...command] = args;
  const stack = await openStack(request, { missingVariables: "empty" });
  try {
    return await runInContainer(stack, request, {
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
    stack.engine.close();
  }
};
