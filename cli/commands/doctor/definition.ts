import type { CommandDefinition } from "../../kernel/command.js";
import { collect } from "../../kernel/global-options.js";

export const doctorCommand: CommandDefinition = {
  name: "doctor",
  summary: "say what is wrong and what to type",
  options: [
    { flags: "--fix [id...]", description: "repair what can be repaired, all or these findings" },
    { flags: "--deep", description: "place an order and cancel it too" },
    { flags: "--only <id>", description: "this area, check or finding alone; repeatable", parse: collect },
    {
      flags: "--exclude <id>",
      description: "without this area, check or finding; repeatable",
      parse: collect,
    },
    { flags: "--strict", description: "exit 1 for warnings too" },
    { flags: "--report [file]", description: "write all that is known into a file for others to read" },
  ],
  examples: [
    { command: "{mybroker} doctor", explanation: "everything, in about a second" },
    { command: "{mybroker} doctor --fix", explanation: "shows what it would do, asks, does it, looks again" },
    { command: "{mybroker} doctor --only kafka", explanation: "one area" },
    { command: "{mybroker} doctor --report", explanation: "a file without secrets, for an issue" },
  ],
  load: async () => (await import("./handler.js")).diagnose,
};
