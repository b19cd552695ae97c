import { invalidValue } from "../../errors/invalid-value.js";
import type { CommandDefinition } from "../../kernel/command.js";
import { readDurationMs } from "../../kernel/read-duration.js";

export const simulateCommand: CommandDefinition = {
  name: "simulate",
  summary: "place orders as several investors would, and measure their way",
  options: [
    { flags: "--rate <orders>", description: "a second: 50 or 50/s (default 10/s)", parse: parseRate },
    {
      flags: "--users <number>",
      description: "investors that place them (default 5)",
      parse: parseCount("--users", 200),
    },
    { flags: "--duration <time>", description: "how long: 60s, 5m (default 60s)", parse: parseDuration },
    {
      flags: "--count <number>",
      description: "end after this many orders",
      parse: parseCount("--count", 10_000_000),
    },
    {
      flags: "--random-seed <number>",
      description: "the same orders again (default: another each time)",
      parse: parseCount("--random-seed", 2 ** 32 - 1),
    },
  ],
  examples: [
    { command: "{mybroker} simulate --rate 50/s --duration 30s", explanation: "traffic to look at" },
    {
      command: "{mybroker} simulate --count 1000 --rate 200/s --random-seed 7",
      explanation: "the same 1,000 orders each time",
    },
  ],
  load: async () => (await import("./handler.js")).simulate,
};

function parseRate(text: string): number {
  const rate = Number(/^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text)?.[1]);
  if (rate > 0 && rate <= 10_000) return rate;
  throw invalidValue(
    `a rate is a number of orders a second up to 10000, not ${text}`,
    "simulate --rate 50/s",
  );
}

function parseDuration(text: string): number {
  const durationMs = readDurationMs(text);
  if (durationMs !== undefined) return durationMs;
  throw invalidValue(`a duration is a time such as 60s or 5m, not ${text}`, "simulate --duration 60s");
}

function parseCount(flag: string, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
    throw invalidValue(`${flag} takes a whole number from 1 to ${most}, not ${text}`, `simulate ${flag} 5`);
  };
}
