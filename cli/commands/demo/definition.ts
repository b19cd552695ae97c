import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandDefinition } from "../../kernel/command.js";
import { readDurationMs } from "../../kernel/read-duration.js";

/** The commands that a demonstration is made of: it cannot import them, so that who knows all commands gives them. */
export interface DemoCommands {
  readonly up: CommandDefinition;
  readonly simulate: CommandDefinition;
}

export function createDemoCommand({ up, simulate }: DemoCommands): CommandDefinition {
  return {
    name: "demo",
    summary: "show the whole system at work, explained, in about a minute",
    options: [
      { flags: "--for <time>", description: "how long traders trade: 30s (default), 5m", parse: parseFor },
    ],
    examples: [
      { command: "{mybroker} demo", explanation: "everything from nothing, and what to type next" },
      { command: "{mybroker} demo --for 5s", explanation: "the short form, without time to read" },
      { command: "{mybroker} demo -o json", explanation: "the figures alone" },
    ],
    load: async () => {
      const { createDemo } = await import("./handler.js");
      return createDemo({ up: await up.load(), simulate: await simulate.load() });
    },
  };
}

function parseFor(text: string): number {
  const durationMs = readDurationMs(text) ?? 0;
  if (durationMs >= 1_000 && durationMs <= 86_400_000) return durationMs;
  throw new MybrokerError({
    code: "usage.invalid-value",
    message: `--for takes a time from 1s to 24h, not ${text}`,
    hint: "For example:  {mybroker} demo --for 30s",
    exitCode: exitCodes.usage,
  });
}
