import type { CommandDefinition } from "../../kernel/command.js";

export const configCommand: CommandDefinition = {
  name: "config",
  summary: "the compose files as they are understood, secrets masked",
  arguments: [{ name: "[service...]", description: "only these" }],
  options: [
    { flags: "--services", description: "names of the services" },
    { flags: "--images", description: "images that they use" },
    { flags: "--volumes", description: "names of the volumes" },
  ],
  examples: [
    { command: "{mybroker} --profile '*' config --services", explanation: "also those of every profile" },
  ],
  load: async () => (await import("./handler.js")).showConfig,
};
