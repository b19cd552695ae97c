import { invalidValue } from "../../errors/invalid-value.js";
import type { CommandDefinition } from "../../kernel/command.js";

export const replaceCommand: CommandDefinition = {
  name: "replace",
  summary: "run a program of your own in the place of a domain service",
  arguments: [
    { name: "<service>", description: "a domain service, such as broker-order" },
    { name: "[command...]", description: "after --; without it: ours from source, restarted on change" },
  ],
  options: [
    {
      flags: "--port <port>",
      description: "on 127.0.0.1 that the program listens on; default: the service's own",
      parse: parsePort,
    },
  ],
  examples: [
    {
      command: "{mybroker} replace broker-order -- python3 mine.py",
      explanation: "yours, with the service's environment, until it or you end it",
    },
    { command: "{mybroker} replace broker-order", explanation: "ours from source" },
  ],
  load: async () => (await import("./handler.js")).replaceService,
};

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw invalidValue(
    `a port is a number from 1 to 65535, not ${text}`,
    "replace broker-order --port 9000 -- python3 mine.py",
  );
}
