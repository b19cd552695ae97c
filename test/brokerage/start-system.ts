import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { vi } from "vitest";
import { stack, withDefaults } from "../../contracts/testing/stack-files.js";
import { topics } from "../../contracts/topology.js";
import { startAmqpBroker } from "../../embedded/amqp/start-amqp-broker.js";
import { startKafkaBroker } from "../../embedded/kafka/start-kafka-broker.js";
import { loadService, type ServiceName, serviceNames } from "../../services/definitions.js";
import type { RunningService } from "../../services/shared/service.js";
import { findFreePorts } from "../support/free-ports.js";
import type { OrderDatabases } from "./find-violations.js";

const root = resolve(import.meta.dirname, "../..");
/** Of tests, where nothing is secret. */
export const secrets = {
  password: "not-a-secret",
  serviceToken: "not-a-secret-token",
  seed: "not-a-secret-seed",
} as const;

/** The nine services on embedded brokers and SQLite files, all in this process, on free ports. */
export interface System {
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly databases: OrderDatabases;
  readonly kafka: string;
  readonly rabbitmq: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
  };
  /** Lines of all services, newest last. */
  readonly log: readonly string[];
  /** The path of a store's file. */
  storePath(name: string): string;
  startService(name: ServiceName, env?: Readonly<Record<string, string>>): Promise<void>;
  stopService(name: ServiceName): Promise<void>;
  stopBroker(name: "kafka" | "rabbitmq"): Promise<void>;
  startBroker(name: "kafka" | "rabbitmq"): Promise<void>;
  close(): Promise<void>;
}

export interface SystemOptions {
  /** Default: all nine. */
  readonly services?: readonly ServiceName[];
  /** Over the defaults of all services. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function startSystem({
  services = serviceNames,
  env = {},
}: SystemOptions = {}): Promise<System> {
  const folder = await mkdtemp(join(tmpdir(), "mybroker-system-"));
  const ports = await findFreePorts(serviceNames.length + 2);
  const [kafkaPort = 0, rabbitmqPort = 0, ...servicePorts] = ports;
  const urls = Object.fromEntries(
    serviceNames.map((name, index) => [name, `http://127.0.0.1:${servicePorts[index]}`]),
  ) as Record<ServiceName, string>;
  const storePath = (name: string) => join(folder, `${name}.sqlite`);
  const rabbitmq = { host: "127.0.0.1", port: rabbitmqPort, user: "mybroker", password: secrets.password };
  const startBroker = {
    kafka: () =>
      startKafkaBroker({
        host: "127.0.0.1",
        port: kafkaPort,
        dataFolder: join(folder, "kafka"),
        topics: topics.map(({ name, partitions }) => ({ name, partitions })),
        log: () => {},
      }),
    rabbitmq: () =>
      startAmqpBroker({
        ...rabbitmq,
        dataFolder: join(folder, "rabbitmq"),
        definitions: JSON.parse(withDefaults(stack.configs["rabbitmq-definitions"]?.content ?? "")),
        log: () => {},
      }),
  };
  const brokers = new Map<string, { close(): Promise<void> }>();
  const running = new Map<ServiceName, RunningService>();
  const log: string[] = [];
  const common = {
    ...describeSettings({ urls, storePath, kafkaPort, rabbitmqPort }),
    ...env,
  };
  const system: System = {
    urls,
    databases: {
      order: { kind: "sqlite", path: storePath("broker-order-db") },
      wallet: { kind: "sqlite", path: storePath("broker-wallet-db") },
      engine: { kind: "sqlite", path: storePath("b3-core-db") },
    },
    kafka: `127.0.0.1:${kafkaPort}`,
    rabbitmq,
    log,
    storePath,
    startService: async (name, own = {}) => {
      const definition = await loadService(name);
      const service = await definition.start({
        env: { ...common, ...storesOf(name, storePath), PORT: new URL(urls[name]).port, ...own },
        migrationsFolder: join(root, "services", name, "adapters", "migrations"),
        writeLog: (line) => void log.push(line),
      });
      running.set(name, service);
    },
    stopService: async (name) => {
      await running.get(name)?.close();
      running.delete(name);
    },
    stopBroker: async (name) => {
      await brokers.get(name)?.close();
      brokers.delete(name);
    },
    startBroker: async (name) => void brokers.set(name, await startBroker[name]()),
    close: async () => {
      await Promise.all([...running.values()].map((service) => service.close()));
      await Promise.all([...brokers.values()].map((broker) => broker.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  await Promise.all([system.startBroker("kafka"), system.startBroker("rabbitmq")]);
  await Promise.all(services.map((name) => system.startService(name)));
  return system;
}

/** Every service of the system says that it is ready. */
export async function waitUntilReady({ urls, log }: System, services = serviceNames): Promise<void> {
  for (const name of services) {
    const ready = async () => (await fetch(`${urls[name]}/health/ready`)).status === 200;
    await vi.waitUntil(ready, { timeout: 15_000, interval: 20 }).catch(async () => {
      const answer = await fetch(`${urls[name]}/health/ready`).then((response) => response.text());
      throw new Error(`${name} is not ready: ${answer}\n${log.slice(-20).join("\n")}`);
    });
  }
}

interface Addresses {
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly storePath: (name: string) => string;
  readonly kafkaPort: number;
  readonly rabbitmqPort: number;
}

/** What services share; a service reads of it what it needs (docs/adr/0009-domain-services.md). */
function describeSettings({ urls, storePath, kafkaPort, rabbitmqPort }: Addresses): Record<string, string> {
  return {
    HOST: "127.0.0.1",
    LOG_LEVEL: "info",
    KAFKA_BROKERS: `127.0.0.1:${kafkaPort}`,
    RABBITMQ_URL: `amqp://127.0.0.1:${rabbitmqPort}`,
    RABBITMQ_USER: "mybroker",
    RABBITMQ_PASSWORD: secrets.password,
    MONGODB_URL: `sqlite://${storePath("broker-mongodb")}`,
    IDENTITY_URL: urls["broker-identity"],
    ORDER_URL: urls["broker-order"],
    WALLET_URL: urls["broker-wallet"],
    ASSET_URL: urls["broker-asset"],
    REPORT_URL: urls["broker-report"],
    SERVICE_TOKEN: secrets.serviceToken,
    SERVICE_TOKEN_BROKER_ORDER: secrets.serviceToken,
    JWT_PRIVATE_SEED: secrets.seed,
    SEED_USER_PASSWORD: secrets.password,
    QUOTE_SOURCE: "simulated",
    QUOTE_SEED: "42",
    QUOTE_INTERVAL: "1",
    B3_MATCHING_MODE: "book",
    SESSION: "always",
    LP_ENABLED: "true",
    LP_SIZE: "1000",
  };
}

/** Database and cache by service, as the compose file gives them. */
const stores: Partial<Record<ServiceName, { readonly database?: string; readonly cache?: string }>> = {
  "broker-identity": { database: "broker-identity-db" },
  "broker-asset": { database: "broker-asset-db", cache: "broker-asset-cache" },
  "broker-wallet": { database: "broker-wallet-db", cache: "broker-wallet-cache" },
  "broker-order": { database: "broker-order-db" },
  "b3-market-sync": { cache: "b3-market-cache" },
  "b3-matching-engine": { database: "b3-core-db", cache: "b3-market-cache" },
};

function storesOf(name: ServiceName, storePath: (name: string) => string): Record<string, string> {
  const { database, cache } = stores[name] ?? {};
  return {
    ...(database === undefined ? {} : { DATABASE_URL: `sqlite://${storePath(database)}` }),
    ...(cache === undefined ? {} : { CACHE_URL: `sqlite://${storePath(cache)}` }),
  };
}
