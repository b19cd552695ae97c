import type { CommandDefinition } from "../../kernel/command.js";

export const greetingCommand: CommandDefinition = {
  name: "greeting",
  summary: "say what mybroker is and what to type next",
  load: async () => (await import("./handler.js")).greet,
};
