import { openCache } from "../../kit/cache/cache.js";
import {
  httpUrl,
  readCacheSettings,
  readDatabaseSettings,
  readKafkaBrokers,
  readListenSettings,
  readSettings,
  text,
} from "../../kit/settings.js";
import type { Timestamp } from "../../kit/sql/columns.js";
import { requireService } from "../shared/auth/services.js";
import { createUsers } from "../shared/auth/users.js";
import { defineService } from "../shared/define-service.js";
import { createIdempotency } from "../shared/http/idempotency.js";
import { openKafkaLink } from "../shared/messaging/kafka-link.js";
import { startRelay } from "../shared/outbox/relay.js";
import { openStore } from "../shared/store.js";
import { consumeEvents } from "./adapters/consumer.js";
import { walletEvents } from "./adapters/events.js";
import { createPriceCache } from "./adapters/price-cache.js";
import { addRoutes } from "./adapters/routes.js";
import type { WalletSchema } from "./adapters/schema.js";
import { createSqlStore } from "./adapters/sql-store.js";
import { openLedger } from "./app/ledger.js";

/** Cash and shares of each user: what is there, what is held for orders, and every movement. */
export const brokerWallet = defineService("broker-wallet", async (parts) => {
  const { env, log, own } = parts;
  const settings = readSettings(env, {
    listen: readListenSettings,
    database: readDatabaseSettings,
    cache: readCacheSettings,
    brokers: readKafkaBrokers,
    identityUrl: httpUrl("IDENTITY_URL"),
    orderToken: text("SERVICE_TOKEN_BROKER_ORDER"),
  });
  const sql = own(
    await openStore<WalletSchema>(parts, { name: "broker-wallet-db", settings: settings.database }),
  );
  const cache = own(await openCache(settings.cache));
  const users = own(createUsers({ identityUrl: settings.identityUrl, log }));
  const idempotency = own(createIdempotency(sql.database));
  const prices = own(createPriceCache(cache, log));
  const store = createSqlStore(sql.database);
  const now = () => (Date.now() * 1_000) as Timestamp;
  const ledger = own(openLedger({ store, now, onCommit: () => relay.wake() }));
  const kafka = own(openKafkaLink({ ...parts, brokers: settings.brokers }));
  const relay = own(startRelay({ ...parts, store: sql, kafka }));
  void kafka.ensureTopics([walletEvents]);
  consumeEvents(kafka, { ledger, prices, probe: sql.dependency.check });
  return parts.serve({
    description: "Accounts, positions and reservations.",
    listen: settings.listen,
    dependencies: [
      sql.dependency,
      { name: "broker-wallet-cache", check: () => cache.ping() },
      { name: "kafka", check: () => kafka.ping() },
    ],
    routes: (app) =>
      addRoutes(app, {
        ...{ users, store, ledger, prices, idempotency, now },
        requireOrder: requireService(settings.orderToken),
      }),
  });
});
