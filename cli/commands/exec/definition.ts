import type { CommandDefinition } from "../../kernel/command.js";
import { collect } from "../../kernel/global-options.js";

export const execCommand: CommandDefinition = {
  name: "exec",
  summary: "run a command in a service's container",
  arguments: [
    { name: "<service>", description: "whose container" },
    { name: "<command...>", description: "what to run, with its arguments" },
  ],
  passThrough: true,
  options: [
    { flags: "-T, --no-tty", description: "no terminal, also where there is one" },
    { flags: "-u, --user <user>", description: "as this user of the container" },
    { flags: "-w, --workdir <folder>", description: "in this folder of the container" },
    { flags: "-e, --env <name=value>", description: "with this variable; repeatable", parse: collect },
  ],
  examples: [
    { command: "{mybroker} exec kafka ls /opt/kafka/bin", explanation: "the tools in Kafka's container" },
  ],
  load: async () => (await import("./handler.js")).execInService,
};
