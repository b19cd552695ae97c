import { mkdir } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import type { ManagementAnswer, ManagementQuestion } from "../../contracts/embedded-control.js";
import { Connection } from "./connection/connection.js";
import { DiskFloor } from "./connection/disk-floor.js";
import { answerManagement } from "./management/answer-management.js";
import { openQueueStore } from "./queues/open-queue-store.js";
import { applyDefinitions } from "./topology/apply-definitions.js";
import { CatalogFile } from "./topology/catalog-file.js";
import { restoreCatalog } from "./topology/describe-catalog.js";
import { readDefinitions } from "./topology/read-definitions.js";
import { Topology } from "./topology/topology.js";

export interface AmqpBrokerOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly dataFolder: string;
  readonly user: string;
  readonly password: string;
  /** RabbitMQ's definitions, parsed; users and permissions in it are ignored. */
  readonly definitions: Readonly<Record<string, unknown>>;
  /** Publishers are held back while the disk has less room. Default 64 MiB. */
  readonly diskFloorBytes?: number;
  log(level: "info" | "warn" | "error", text: string): void;
}

export interface AmqpBroker {
  /** host:port */
  readonly address: string;
  readonly port: number;
  manage(question: ManagementQuestion): ManagementAnswer;
  close(): Promise<void>;
}

const connectionLimit = 1000;
const defaultDiskFloorBytes = 64 * 1024 * 1024;

/**
 * Starts an AMQP 0-9-1 broker on what its data folder holds; resolves when it takes connections.
 * @throws Error with `code`: DATA_DAMAGED, DATA_NEWER, or Node's (EADDRINUSE, EACCES, ENOSPC)
 */
export async function startAmqpBroker(options: AmqpBrokerOptions): Promise<AmqpBroker> {
  const { dataFolder, log } = options;
  const definitions = readDefinitions(options.definitions);
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const catalog = new CatalogFile(join(dataFolder, "catalog.json"));
  const store = await openQueueStore({ folder: join(dataFolder, "queues"), log });
  try {
    const kept = await catalog.read();
    await store.keepOnly(kept?.queues.map(({ name }) => name));
    const topology = new Topology({ store, catalog, rules: definitions.rules, log });
    if (kept !== undefined) await restoreCatalog(topology, kept);
    await applyDefinitions(topology, definitions);
    await topology.startSaving();
    store.start();
    const listening = await listen(options, topology);
    return {
      ...listening,
      manage: (question) => answerManagement(topology, question),
      close: async () => {
        await listening.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function listen(options: AmqpBrokerOptions, topology: Topology): Promise<Omit<AmqpBroker, "manage">> {
  const connections = new Set<Connection>();
  const disk = new DiskFloor(options.dataFolder, options.diskFloorBytes ?? defaultDiskFloorBytes, (isLow) => {
    topology.log("warn", isLow ? "amqp: low on disk, publishers wait" : "amqp: publishers go on");
    for (const connection of connections) connection.diskChanged(isLow);
  });
  const { user, password } = options;
  const partialContent = { sizeBytes: 0 };
  const server = createServer({ highWaterMark: 64 * 1024 }, (socket) => {
    const connection = new Connection({
      socket,
      topology,
      account: { user, password },
      disk,
      partialContent,
      onClosed: (closed) => connections.delete(closed),
    });
    connections.add(connection);
  });
  server.maxConnections = connectionLimit;
  const { address, port } = await bind(server, options);
  return {
    address: `${address}:${port}`,
    port,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      disk.close();
      await Promise.all([...connections].map((connection) => connection.shutDown()));
      await closed;
    },
  };
}

function bind(server: Server, { host, port }: AmqpBrokerOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      server.on("error", () => {});
      resolve(server.address() as AddressInfo);
    });
  });
}
