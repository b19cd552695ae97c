import { ResultMessage } from "../../contracts/messages.js";
import { toBroker } from "../../contracts/topology.js";
import {
  httpUrl,
  oneOf,
  readDatabaseSettings,
  readKafkaBrokers,
  readListenSettings,
  readRabbitmqSettings,
  readSettings,
  text,
} from "../../kit/settings.js";
import { createUsers } from "../shared/auth/users.js";
import { createClient } from "../shared/http/client.js";
import { createIdempotency } from "../shared/http/idempotency.js";
import { openServer } from "../shared/http/open-server.js";
import { createLog } from "../shared/log.js";
import { openKafkaLink } from "../shared/messaging/kafka-link.js";
import { openRabbitmq } from "../shared/messaging/rabbitmq-link.js";
import { createMetrics } from "../shared/metrics.js";
import type { ServiceDefinition } from "../shared/service.js";
import { openStore } from "../shared/store.js";
import { createOrderMetrics } from "./adapters/order-metrics.js";
import type { OrderSchema } from "./adapters/order-rows.js";
import { createOrderStore } from "./adapters/order-store.js";
import { createAssets, createWallet } from "./adapters/remote.js";
import { addRoutes } from "./adapters/routes.js";
import { startWork } from "./adapters/work.js";
import { applyResults } from "./app/apply-results.js";
import { sweep } from "./app/sweep.js";

const name = "broker-order";
/** Together with the transactions around it well within requestedLimitMs. */
const walletTimeoutMs = 5_000;
const assetTimeoutMs = 3_000;

/** Takes orders, holds what they need, sends them to the exchange and tells everyone what became of them. */
export const brokerOrder: ServiceDefinition = {
  name,
  async start(context) {
    const settings = readSettings(context.env, {
      listen: readListenSettings,
      database: readDatabaseSettings,
      rabbitmq: readRabbitmqSettings,
      brokers: readKafkaBrokers,
      identityUrl: httpUrl("IDENTITY_URL"),
      walletUrl: httpUrl("WALLET_URL"),
      assetUrl: httpUrl("ASSET_URL"),
      serviceToken: text("SERVICE_TOKEN"),
      mode: oneOf("B3_MATCHING_MODE", ["book", "reference"], "book"),
    });
    const log = createLog(name, context);
    const metrics = createMetrics();
    const count = createOrderMetrics(metrics);
    const sql = await openStore<OrderSchema>({
      name: "broker-order-db",
      settings: settings.database,
      migrationsFolder: context.migrationsFolder,
      log,
    });
    const { database } = sql;
    const rabbitmq = openRabbitmq(settings.rabbitmq, { name, log, metrics });
    const kafka = openKafkaLink({ name, log, metrics, brokers: settings.brokers });
    const walletClient = createClient({
      baseUrl: settings.walletUrl,
      service: "broker-wallet",
      timeoutMs: walletTimeoutMs,
      serviceToken: settings.serviceToken,
    });
    const assetClient = createClient({
      baseUrl: settings.assetUrl,
      service: "broker-asset",
      timeoutMs: assetTimeoutMs,
    });
    const users = createUsers({ identityUrl: settings.identityUrl, log });
    const idempotency = createIdempotency(database);
    const store = createOrderStore(database, (changes, before) => {
      work.wake();
      count(changes, before);
    });
    const ports = { store, wallet: createWallet(walletClient), assets: createAssets(assetClient) };
    const work = startWork({
      ...{ database, rabbitmq, kafka, log, metrics, ready: sql.ready },
      sweep: () => sweep(ports, Date.now()),
      results: {
        queue: toBroker.queue,
        schema: ResultMessage,
        handle: (batch) => applyResults(store, batch),
        probe: () => database.ping(),
      },
    });
    const server = await openServer({
      name,
      description: "Orders: placed, listed, cancelled.",
      listen: settings.listen,
      log,
      metrics,
      dependencies: [
        sql.dependency,
        { name: "rabbitmq", check: () => rabbitmq.ping() },
        { name: "kafka", check: () => kafka.ping() },
      ],
      routes: (app) => addRoutes(app, { ...ports, users, idempotency, log, mode: settings.mode }),
    });
    return {
      address: server.address,
      close: async () => {
        await server.close();
        await work.close();
        await Promise.all([rabbitmq.close(), kafka.close()]);
        await idempotency.close();
        users.close();
        walletClient.close();
        assetClient.close();
        await sql.close();
      },
    };
  },
};
