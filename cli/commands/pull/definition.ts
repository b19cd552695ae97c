import type { CommandDefinition } from "../../kernel/command.js";

export const pullCommand: CommandDefinition = {
  name: "pull",
  summary: "fetch the images, also those that are here in an older build",
  arguments: [{ name: "[service...]", description: "only theirs" }],
  options: [{ flags: "--quiet", description: "no progress" }],
  examples: [{ command: "{mybroker} pull", explanation: "all images of the stack, before a flight" }],
  load: async () => (await import("./handler.js")).pullStack,
};
