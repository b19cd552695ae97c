import { invalidValue } from "../../errors/invalid-value.js";
import type { CommandDefinition } from "../../kernel/command.js";

export const logsCommand: CommandDefinition = {
  name: "logs",
  kind: "stream",
  summary: "what the containers wrote, as one stream in time order",
  arguments: [{ name: "[service...]", description: "only these" }],
  options: [
    { flags: "-f, --follow", description: "go on with what is written from now on" },
    {
      flags: "-n, --tail <lines>",
      description: "lines from the end of each container, or all",
      parse: parseTail,
    },
    {
      flags: "--since <time>",
      description: "from this time on: 2026-11-22T10:00:00Z, a Unix time, or 10m ago",
    },
    { flags: "--until <time>", description: "up to this time, in the same forms" },
    { flags: "-t, --timestamps", description: "print the time of each line" },
    {
      flags: "--grep <regex>",
      description: "only lines that match (JavaScript syntax)",
      parse: parsePattern,
    },
    { flags: "--no-log-prefix", description: "no service name before each line" },
  ],
  examples: [
    { command: "{mybroker} logs -f kafka rabbitmq", explanation: "follow both brokers" },
    { command: "{mybroker} logs --since 10m --grep 'ERROR|WARN'", explanation: "what went wrong lately" },
  ],
  load: async () => (await import("./handler.js")).printLogs,
};

function parseTail(text: string): number | "all" {
  if (text === "all") return "all";
  const lines = Number(text);
  if (Number.isInteger(lines) && lines >= 0) return lines;
  throw invalidValue(`--tail takes a number of lines or all, not ${text}`, "logs -n 100");
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (error) {
    const why = (error as Error).message;
    throw invalidValue(`--grep ${text} is not a regular expression (${why})`, "logs --grep 'ERROR|WARN'");
  }
}
