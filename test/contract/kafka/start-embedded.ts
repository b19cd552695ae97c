import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKafkaBroker } from "../../../embedded/kafka/start-kafka-broker.js";
import type { ContractBroker } from "./world.js";

/** The embedded broker on a folder of its own, which a restart keeps. */
export async function startEmbeddedKafka(): Promise<ContractBroker> {
  const dataFolder = await mkdtemp(join(tmpdir(), "mybroker-kafka-"));
  const start = (port: number) =>
    startKafkaBroker({ host: "127.0.0.1", port, dataFolder, topics: [], log: () => {} });
  let broker = await start(0);
  return {
    brokers: [broker.address],
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
