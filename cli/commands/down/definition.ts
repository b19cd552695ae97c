import type { CommandDefinition } from "../../kernel/command.js";
import { stopTimeoutOption } from "../../stack/stop-timeout.js";

export const downCommand: CommandDefinition = {
  name: "down",
  summary: "stop and remove containers and networks of every profile; data stays",
  options: [
    { flags: "-v, --volumes", description: "remove the volumes too: all data; asks first" },
    {
      flags: "--rmi <which>",
      description: "remove images: those built here, or all",
      choices: ["local", "all"],
    },
    { flags: "--remove-orphans", description: "remove containers of services that the file no longer has" },
    stopTimeoutOption,
  ],
  examples: [
    { command: "{mybroker} down", explanation: "everything but the data" },
    { command: "{mybroker} down --volumes", explanation: "everything, after a question" },
    { command: "{mybroker} -p NAME down", explanation: "a project from any folder, without its files" },
  ],
  load: async () => (await import("./handler.js")).takeDown,
};
