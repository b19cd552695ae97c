import type { CommandDefinition } from "../../kernel/command.js";

export const psCommand: CommandDefinition = {
  name: "ps",
  // With --watch; a single listing is one document.
  kind: "stream",
  aliases: [{ name: "status", hidden: true }],
  summary: "what runs, how it is, and where it answers",
  arguments: [{ name: "[service...]", description: "only these" }],
  options: [
    { flags: "-a, --all", description: "stopped containers too" },
    { flags: "-q, --quiet", description: "container ids only" },
    { flags: "--all-projects", description: "every Compose project of the engine" },
    { flags: "--watch", description: "print anew at every change, until Ctrl-C" },
  ],
  examples: [
    { command: "{mybroker} ps", explanation: "the stack of this folder" },
    {
      command: "{mybroker} ps -o json | jq '.data.containers[].addresses'",
      explanation: "addresses for a script",
    },
  ],
  load: async () => (await import("./handler.js")).listStack,
};
