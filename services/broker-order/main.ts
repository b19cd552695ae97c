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
import { defineService } from "../shared/define-service.js";
import { createClient } from "../shared/http/client.js";
import { createIdempotency } from "../shared/http/idempotency.js";
import { openKafkaLink } from "../shared/messaging/kafka-link.js";
import { openRabbitmq } from "../shared/messaging/rabbitmq-link.js";
import { startRelay } from "../shared/outbox/relay.js";
import { openStore } from "../shared/store.js";
import { createOrderMetrics } from "./adapters/order-metrics.js";
import type { OrderSchema } from "./adapters/order-rows.js";
import { createOrderStore } from "./adapters/order-store.js";
import { orderEventsTopic } from "./adapters/outbox-rows.js";
import { createAssets, createWallet } from "./adapters/remote.js";
import { addRoutes } from "./adapters/routes.js";
import { startWork } from "./adapters/work.js";

/** Together with the transactions around it well within requestedLimitMs. */
const walletTimeoutMs = 5_000;
const assetTimeoutMs = 3_000;

/** Takes orders, holds what they need, sends them to the exchange and tells everyone what became of them. */
export const brokerOrder = defineService("broker-order", async (parts) => {
  const { env, log, metrics, own } = parts;
  const settings = readSettings(env, {
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
  const sql = own(
    await openStore<OrderSchema>(parts, { name: "broker-order-db", settings: settings.database }),
  );
  const rabbitmq = own(openRabbitmq(settings.rabbitmq, parts));
  const kafka = own(openKafkaLink({ ...parts, brokers: settings.brokers }));
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
  const users = own(createUsers({ identityUrl: settings.identityUrl, log }));
  const idempotency = own(createIdempotency(sql.database));
  const count = createOrderMetrics(metrics);
  const store = createOrderStore(sql.database, (changes, before) => {
    relay.wake();
    count(changes, before);
  });
  const ports = {
    store,
    wallet: createWallet(own(walletClient)),
    assets: createAssets(own(assetClient)),
  };
  const relay = own(startRelay({ ...parts, store: sql, kafka, rabbitmq }));
  own(startWork({ rabbitmq, sql, ports, log }));
  void kafka.ensureTopics([orderEventsTopic]);
  return parts.serve({
    description: "Orders: placed, listed, cancelled.",
    listen: settings.listen,
    dependencies: [
      sql.dependency,
      { name: "rabbitmq", check: () => rabbitmq.ping() },
      { name: "kafka", check: () => kafka.ping() },
    ],
    routes: (app) => addRoutes(app, { ...ports, users, idempotency, log, mode: settings.mode }),
  });
});
