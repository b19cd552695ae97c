import type { CommandDefinition } from "../../kernel/command.js";
import { stopTimeoutOption } from "../../stack/stop-timeout.js";

export const restartCommand: CommandDefinition = {
  name: "restart",
  summary: "restart containers as they are; changes in files need `up`",
  arguments: [{ name: "[service...]", description: "only these" }],
  options: [stopTimeoutOption],
  examples: [{ command: "{mybroker} restart kafka", explanation: "one service" }],
  load: async () => (await import("./handler.js")).restartServices,
};
