import type { CommandDefinition } from "../../kernel/command.js";

export const userCommand: CommandDefinition = {
  name: "user",
  summary: "add users, and who there is",
  arguments: [
    { name: "<action>", description: "add or list" },
    { name: "[email]", description: "add: who; the password is SEED_USER_PASSWORD of .env" },
    { name: "[name]", description: "add: their name (default: what stands before the @)" },
  ],
  examples: [
    { command: "{mybroker} user add ana@example.com", explanation: "then  --user ana@example.com  anywhere" },
    { command: "{mybroker} user list", explanation: "newest first" },
  ],
  load: async () => (await import("./handler.js")).runUser,
};
