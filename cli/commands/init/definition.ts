import type { CommandDefinition } from "../../kernel/command.js";

export const initCommand: CommandDefinition = {
  name: "init",
  summary: "make .env: secrets, free ports; in an empty folder the whole project",
  arguments: [{ name: "[folder]", description: "where; by default the project that you stand in" }],
  options: [
    {
      flags: "--ports <how>",
      description: "while there is no .env: take the next free port, or refuse when one is taken",
      choices: ["auto", "fixed"],
      defaultValue: "auto",
    },
    { flags: "--force", description: "the values of .env.example again; secrets and your own keys stay" },
    { flags: "--rotate", description: "new secrets, changed in the running servers first" },
  ],
  examples: [
    { command: "{mybroker} init", explanation: "make .env, or add the keys that it lacks" },
    { command: "{mybroker} init ~/exchange", explanation: "a project of its own in a new folder" },
    { command: "{mybroker} init --rotate", explanation: "change every password" },
  ],
  load: async () => (await import("./handler.js")).initProject,
};
