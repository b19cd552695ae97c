import type { CommandDefinition } from "../../kernel/command.js";

export const walletCommand: CommandDefinition = {
  name: "wallet",
  summary: "a user's cash and shares; pay in and out",
  arguments: [
    { name: "<action>", description: "show, deposit or withdraw" },
    { name: "[amount]", description: "deposit and withdraw: R$" },
  ],
  options: [{ flags: "--user <email>", description: "whose (default: the demo investor's)" }],
  examples: [
    { command: "{mybroker} wallet show", explanation: "cash, and shares with what they are worth" },
    { command: "{mybroker} wallet deposit 10000", explanation: "money from nowhere: it is a simulator" },
  ],
  load: async () => (await import("./handler.js")).runWallet,
};
