import type { CommandDefinition } from "../../kernel/command.js";

export const connectCommand: CommandDefinition = {
  name: "connect",
  summary: "open a server's own client, logged in",
  arguments: [
    { name: "<service>", description: "a database, cache or broker" },
    { name: "[arguments...]", description: "for the client, after --" },
  ],
  passThrough: true,
  examples: [
    { command: "{mybroker} connect broker-order-db", explanation: "a SQL prompt in the order database" },
    { command: "{mybroker} connect b3-core-db -- -c 'select now()'", explanation: "one statement" },
    { command: "{mybroker} connect kafka -- kafka-topics.sh --list", explanation: "one of Kafka's tools" },
  ],
  load: async () => (await import("./handler.js")).connectToServer,
};
