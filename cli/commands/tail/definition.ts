import { invalidValue } from "../../errors/invalid-value.js";
import type { CommandDefinition } from "../../kernel/command.js";
import { collect } from "../../kernel/global-options.js";
import { readDurationMs } from "../../kernel/read-duration.js";

export const tailCommand: CommandDefinition = {
  name: "tail",
  kind: "stream",
  summary: "orders, quotes and all else that passes both brokers, as one stream in time order",
  arguments: [
    {
      name: "[stream...]",
      description:
        "orders (default), quotes, wallet, dlq, all, or a topic, queue or stream of the compose file",
    },
  ],
  options: [
    {
      flags: "-n, --tail <number>",
      description: "messages of the past to begin with, or all (default 10)",
      parse: parseTail,
    },
    {
      flags: "--since <time>",
      description: "from this time on: 2026-11-22T10:00:00Z, a Unix time, or 10m ago",
    },
    { flags: "--until <time>", description: "up to this time, in the same forms" },
    { flags: "--from-beginning", description: "from the oldest message that there is" },
    { flags: "--no-follow", description: "end when the past is through" },
    { flags: "--limit <number>", description: "end after this many messages", parse: parseLimit },
    {
      flags: "--idle-timeout <time>",
      description: "end when none came for this long: 10s, 5m",
      parse: parseIdleTimeout,
    },
    {
      flags: "--filter <expression>",
      description: 'only messages for which it is true (CEL: value.ticker == "PETR4")',
    },
    {
      flags: "--stop-when <expression>",
      description: "end with the first message for which it is true; exit 1 when none was",
    },
    { flags: "--kafka <topic>", description: "any topic; repeatable", parse: collect },
    { flags: "--rabbit <name>", description: "any exchange or queue; repeatable", parse: collect },
    { flags: "--firehose", description: "all that RabbitMQ publishes and delivers, by its own tracing" },
    { flags: "--trace <order>", description: "the life line of one order, by its id or the end of it" },
    { flags: "--validate", description: "hold each message against its contract; exit 1 when one breaks it" },
    {
      flags: "--template <line>",
      description: "how a message is printed: '{time} {key} {value.ticker}'",
    },
    {
      flags: "-o, --output <format>",
      description: "one line a message, a JSON object, the payload as it is, or a dump of its bytes",
      choices: ["text", "json", "raw", "hex"],
    },
  ],
  examples: [
    { command: "{mybroker} tail orders", explanation: "orders and results, over Kafka and RabbitMQ" },
    { command: "{mybroker} tail all --validate", explanation: "what a service of your own does wrong" },
    {
      command: "{mybroker} tail orders --filter 'value.status == \"REJECTED\"' --since 1h",
      explanation: "what was refused in the last hour",
    },
  ],
  load: async () => (await import("./handler.js")).tail,
};

function parseTail(text: string): number | "all" {
  if (text === "all") return "all";
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalidValue(`--tail takes a number of messages or all, not ${text}`, "tail orders -n 100");
}

function parseLimit(text: string): number {
  if (/^\d{1,15}$/.test(text) && Number(text) > 0) return Number(text);
  throw invalidValue(`--limit takes a number of messages from 1 on, not ${text}`, "tail orders --limit 100");
}

function parseIdleTimeout(text: string): number {
  const timeoutMs = readDurationMs(text);
  if (timeoutMs !== undefined && timeoutMs < 2 ** 31) return timeoutMs;
  throw invalidValue(
    `--idle-timeout takes a time such as 10s or 5m, not ${text}`,
    "tail orders --idle-timeout 10s",
  );
}
