import { invalidValue } from "../../errors/invalid-value.js";
import type { CommandDefinition } from "../../kernel/command.js";
import { collect } from "../../kernel/global-options.js";

export const upCommand: CommandDefinition = {
  name: "up",
  summary: "create and start what is missing or changed, and wait until everything answers",
  arguments: [{ name: "[service...]", description: "only these and what they depend on" }],
  options: [
    { flags: "--infra", description: "the infrastructure alone, without services of profiles" },
    { flags: "-x, --exclude <service>", description: "leave this one out; repeatable", parse: collect },
    { flags: "--no-wait", description: "return when everything is started" },
    {
      flags: "--wait-timeout <seconds>",
      description: "give up waiting after this long (default 300)",
      parse: parseSeconds("--wait-timeout 120"),
    },
    {
      flags: "-t, --timeout <seconds>",
      description: "shutdown time of a container that is recreated",
      parse: parseSeconds("--timeout 10"),
    },
    { flags: "--build", description: "build images anew" },
    { flags: "--pull <when>", description: "when to pull images", choices: ["missing", "always", "never"] },
    { flags: "--force-recreate", description: "recreate also what has not changed" },
    { flags: "--no-deps", description: "without the services that the named ones depend on" },
    { flags: "--remove-orphans", description: "remove containers of services that the file no longer has" },
    { flags: "--adopt", description: "take over a project of the same name from another folder" },
    { flags: "--verify", description: "log in to every server, also where nothing changed" },
    { flags: "--foreground", description: "embedded: stay, print the log, end with Ctrl-C" },
    { flags: "--exit-code", description: "with --dry-run: exit 1 when there is something to do" },
    { flags: "-d, --detach", description: "as always here; accepted for Compose's sake", hidden: true },
    { flags: "--wait", description: "as always here; accepted for Compose's sake", hidden: true },
  ],
  examples: [
    { command: "{mybroker} up", explanation: "the whole stack" },
    { command: "{mybroker} up kafka rabbitmq", explanation: "the two brokers" },
    { command: "{mybroker} up --dry-run", explanation: "what would be done, and why" },
  ],
  load: async () => (await import("./handler.js")).bringUp,
};

function parseSeconds(example: string): (text: string) => number {
  return (text) => {
    const seconds = Number(text);
    if (text.trim() !== "" && Number.isFinite(seconds) && seconds >= 0) return seconds;
    throw invalidValue(`a time limit is a number of seconds, not ${text}`, `up ${example}`);
  };
}
