import type { CommandDefinition } from "../../kernel/command.js";

export const orderCommand: CommandDefinition = {
  name: "order",
  // With --watch; without it one document.
  kind: "stream",
  summary: "buy and sell, and what became of it",
  arguments: [
    { name: "<action>", description: "buy, sell, list, show or cancel" },
    { name: "[subject]", description: "buy and sell: the ticker; show and cancel: the order's id" },
    { name: "[quantity]", description: "buy and sell: how many shares" },
  ],
  options: [
    { flags: "--price <price>", description: "limit in R$; without it at the market" },
    {
      flags: "--tif <tif>",
      description: "how long a limit order stands (default day)",
      choices: ["day", "ioc", "fok"],
    },
    { flags: "--user <email>", description: "who acts (default: the demo investor)" },
    { flags: "--watch", description: "print each change until it is final, or until Ctrl-C" },
  ],
  examples: [
    { command: "{mybroker} order buy PETR4 100 --watch", explanation: "at the market" },
    { command: "{mybroker} order sell VALE3 100 --price 70", explanation: "rests until somebody pays that" },
    { command: "{mybroker} order list", explanation: "the latest, newest first" },
  ],
  load: async () => (await import("./handler.js")).runOrder,
};
