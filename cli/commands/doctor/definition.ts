import type { CommandDefinition } from "../../kernel/command.js";
import { collect } from "../../kernel/global-options.js";

export const doctorCommand: CommandDefinition = {
  name: "doctor",
  summary: "check what runs, every login, .env and the disk",
  options: [
    { flags: "--only <check>", description: "this check alone; repeatable", parse: collect },
    { flags: "--exclude <check>", description: "without this check; repeatable", parse: collect },
    { flags: "--strict", description: "exit 1 for warnings too" },
  ],
  examples: [
    { command: "{mybroker} doctor", explanation: "everything" },
    { command: "{mybroker} doctor --only server.login", explanation: "log in to every server" },
  ],
  load: async () => (await import("./handler.js")).examine,
};
