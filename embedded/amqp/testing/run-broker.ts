import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChannelModel } from "amqplib";
import { connectRabbitmq } from "../../../kit/rabbitmq.js";
import { type AmqpBroker, type AmqpBrokerOptions, startAmqpBroker } from "../start-amqp-broker.js";

export const testAccount = { user: "tester", password: "not-a-secret" };

export interface RunningBroker {
  readonly broker: AmqpBroker;
  readonly dataFolder: string;
  /** What the broker logged as warning or error. */
  readonly problems: string[];
  connect(): Promise<ChannelModel>;
  /** Ends it and starts another one on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A broker in a folder of its own, on a free port. */
export async function runBroker(options: Partial<AmqpBrokerOptions> = {}): Promise<RunningBroker> {
  const dataFolder = await mkdtemp(join(tmpdir(), "mybroker-amqp-"));
  const problems: string[] = [];
  const start = (): Promise<AmqpBroker> =>
    startAmqpBroker({
      host: "127.0.0.1",
      port: 0,
      dataFolder,
      ...testAccount,
      definitions: {},
      log: (level, text) => {
        if (level !== "info") problems.push(text);
      },
      ...options,
    });
  let broker = await start();
  return {
    get broker() {
      return broker;
    },
    dataFolder,
    problems,
    connect: () =>
      connectRabbitmq({
        host: "127.0.0.1",
        port: broker.port,
        ...testAccount,
        timeoutMs: 5000,
        connectionName: "test",
      }),
    restart: async () => {
      await broker.close();
      broker = await start();
    },
    stop: async () => {
      await broker.close();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}
