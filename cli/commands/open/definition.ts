import type { CommandDefinition } from "../../kernel/command.js";

export const openCommand: CommandDefinition = {
  name: "open",
  summary: "open a service's page in a browser, or print its address",
  arguments: [{ name: "[service]", description: "without it all pages are listed" }],
  examples: [{ command: "{mybroker} open grafana", explanation: "the dashboards" }],
  load: async () => (await import("./handler.js")).openPage,
};
