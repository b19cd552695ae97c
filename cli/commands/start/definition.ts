import type { CommandDefinition } from "../../kernel/command.js";
import { stopTimeoutOption } from "../../stack/stop-timeout.js";

export const startCommand: CommandDefinition = {
  name: "start",
  summary: "start stopped containers as they are, with what they depend on",
  arguments: [{ name: "[service...]", description: "only these and what they depend on" }],
  options: [{ ...stopTimeoutOption, description: "without effect: nothing is stopped", hidden: true }],
  examples: [{ command: "{mybroker} start", explanation: "what `stop` stopped" }],
  load: async () => (await import("./handler.js")).startServices,
};
