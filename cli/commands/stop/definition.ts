import type { CommandDefinition } from "../../kernel/command.js";
import { stopTimeoutOption } from "../../stack/stop-timeout.js";

export const stopCommand: CommandDefinition = {
  name: "stop",
  summary: "stop containers without removing them",
  arguments: [{ name: "[service...]", description: "only these" }],
  options: [stopTimeoutOption],
  examples: [
    { command: "{mybroker} stop", explanation: "the whole stack, dependents first" },
    { command: "{mybroker} stop grafana", explanation: "one service" },
  ],
  load: async () => (await import("./handler.js")).stopServices,
};
