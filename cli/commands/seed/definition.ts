import { invalidValue } from "../../errors/invalid-value.js";
import type { CommandDefinition } from "../../kernel/command.js";
import { collect } from "../../kernel/global-options.js";

export const seedCommand: CommandDefinition = {
  name: "seed",
  summary: "fill every store with users, orders, prices and reports that fit together",
  options: [
    {
      flags: "--scale <number>",
      description: "how much: 1 is 1,000 users and 20,000 orders (default: what is there, or 1)",
      parse: parseScale,
    },
    {
      flags: "--random-seed <number>",
      description: "which users and orders (default: what is there, or 42)",
      parse: parseSeed,
    },
    {
      flags: "--as-of <day>",
      description: "the day before which everything happened: 2026-11-22 (default: what is there, or today)",
      parse: parseDay,
    },
    {
      flags: "--only <store>",
      description: "one store, such as broker-wallet-db; repeatable",
      parse: collect,
    },
    {
      flags: "--reset",
      description: "take out the users of the data set with all they did, and put them in anew",
    },
    { flags: "--verify", description: "only compare the stores with each other" },
  ],
  examples: [
    { command: "{mybroker} seed", explanation: "1,000 users; a second time does nothing" },
    { command: "{mybroker} seed --scale 0.1 --random-seed 7", explanation: "100 other users in their place" },
    { command: "{mybroker} seed --verify", explanation: "whether the stores agree, whatever happened since" },
  ],
  load: async () => (await import("./handler.js")).seed,
};

function parseScale(text: string): number {
  const scale = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && scale >= 0.01 && scale <= 100) return scale;
  throw invalidValue(`a scale is a number from 0.01 to 100, not ${text}`, "seed --scale 0.1");
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed <= 2 ** 32 - 1) return seed;
  throw invalidValue(
    `--random-seed takes a whole number up to ${2 ** 32 - 1}, not ${text}`,
    "seed --random-seed 7",
  );
}

/** A moment within the day, in Sao Paulo as in most of the world. */
function parseDay(text: string): number {
  const atMs = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T15:00:00Z` : text);
  // Date.parse takes 31 February for a day in March.
  const isDay =
    /^\d{4}-\d\d-\d\d(T.*Z)?$/.test(text) && new Date(atMs || 0).toISOString().startsWith(text.slice(0, 10));
  if (isDay && text >= "2000") return atMs;
  throw invalidValue(`--as-of takes a day such as 2026-11-22, not ${text}`, "seed --as-of 2026-11-22");
}
