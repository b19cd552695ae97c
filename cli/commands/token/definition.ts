import type { CommandDefinition } from "../../kernel/command.js";

export const tokenCommand: CommandDefinition = {
  name: "token",
  summary: "a token for curl: prints it, and nothing else",
  options: [{ flags: "--user <email>", description: "whose (default: the demo investor's)" }],
  examples: [
    {
      command: 'curl -H "Authorization: Bearer $({mybroker} token)" 127.0.0.1:8080/api/v1/orders',
      explanation: "the orders of the demo investor",
    },
  ],
  load: async () => (await import("./handler.js")).printToken,
};
