import type { CommandDefinition } from "../../kernel/command.js";

export const envCommand: CommandDefinition = {
  name: "env",
  summary: "what a service's process needs: addresses and logins, as KEY=value",
  arguments: [{ name: "[service]", description: "one service; by default all of .env" }],
  options: [{ flags: "--reveal", description: "show secrets on a terminal too" }],
  examples: [
    { command: "{mybroker} env grafana --reveal", explanation: "the login of a page" },
    { command: "{mybroker} env broker-wallet-db > wallet.env", explanation: "for a program of your own" },
  ],
  load: async () => (await import("./handler.js")).showEnvironment,
};
