import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stack, withDefaults } from "../../../contracts/testing/stack-files.js";
import { startAmqpBroker } from "../../../embedded/amqp/start-amqp-broker.js";
import type { AmqpServer } from "./lab.js";

/** The embedded broker with the stack's definitions, on a free port and a folder of its own. */
export async function startEmbedded(): Promise<AmqpServer & { restart(): Promise<void> }> {
  const dataFolder = await mkdtemp(join(tmpdir(), "mybroker-amqp-"));
  const login = { host: "127.0.0.1", user: "mybroker", password: "not-a-secret" };
  const definitions = JSON.parse(withDefaults(stack.configs["rabbitmq-definitions"]?.content ?? ""));
  const start = (port: number) => startAmqpBroker({ ...login, port, dataFolder, definitions, log: () => {} });
  let broker = await start(0);
  return {
    ...login,
    get port() {
      return broker.port;
    },
    restart: async () => {
      await broker.close();
      broker = await start(broker.port);
    },
    close: async () => {
      await broker.close();
      await rm(dataFolder, { recursive: true });
    },
  };
}
