import type { CommandDefinition } from "../../kernel/command.js";

export const bookCommand: CommandDefinition = {
  name: "book",
  // With --watch; without it one document.
  kind: "stream",
  summary: "what the exchange would trade a ticker at",
  arguments: [{ name: "<ticker>", description: "PETR4; PETR4F is the book of its odd lots" }],
  options: [
    { flags: "--user <email>", description: "who asks (default: the demo investor)" },
    { flags: "--watch", description: "print anew at every change, until Ctrl-C" },
  ],
  examples: [{ command: "{mybroker} book PETR4", explanation: "the best prices, and how many shares" }],
  load: async () => (await import("./handler.js")).showBook,
};
