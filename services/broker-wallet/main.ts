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
import { createIdempotency } from "../shared/http/idempotency.js";
import { openServer } from "../shared/http/open-server.js";
import { createLog } from "../shared/log.js";
import { openKafkaLink } from "../shared/messaging/kafka-link.js";
import { createMetrics } from "../shared/metrics.js";
import type { ServiceDefinition } from "../shared/service.js";
import { openStore } from "../shared/store.js";
import { createPriceCache } from "./adapters/price-cache.js";
import { addRoutes } from "./adapters/routes.js";
import type { WalletSchema } from "./adapters/schema.js";
import { createSqlStore } from "./adapters/sql-store.js";
import { startWork } from "./adapters/work.js";
import { openLedger } from "./app/ledger.js";

const name = "broker-wallet";

/** Cash and shares of each user: what is there, what is held for orders, and every movement. */
export const brokerWallet: ServiceDefinition = {
  name,
  async start(context) {
    const settings = readSettings(context.env, {
      listen: readListenSettings,
      database: readDatabaseSettings,
      cache: readCacheSettings,
      brokers: readKafkaBrokers,
      identityUrl: httpUrl("IDENTITY_URL"),
      orderToken: text("SERVICE_TOKEN_BROKER_ORDER"),
    });
    const log = createLog(name, context);
    const metrics = createMetrics();
    const sql = await openStore<WalletSchema>({
      name: "broker-wallet-db",
      settings: settings.database,
      migrationsFolder: context.migrationsFolder,
      log,
    });
    const { database } = sql;
    const cache = await openCache(settings.cache);
    const kafka = openKafkaLink({ name, log, metrics, brokers: settings.brokers });
    const users = createUsers({ identityUrl: settings.identityUrl, log });
    const idempotency = createIdempotency(database);
    const prices = createPriceCache(cache, log);
    const store = createSqlStore(database);
    const now = () => (Date.now() * 1_000) as Timestamp;
    const ledger = openLedger({ store, now, onCommit: () => work.wake() });
    const work = startWork({ name, log, metrics, database, kafka, ledger, prices, ready: sql.ready });
    const server = await openServer({
      name,
      description: "Accounts, positions and reservations.",
      listen: settings.listen,
      log,
      metrics,
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
    return {
      address: server.address,
      close: async () => {
        await server.close();
        await work.close();
        await kafka.close();
        await Promise.all([ledger.close(), prices.close(), idempotency.close()]);
        users.close();
        await cache.close();
        await sql.close();
      },
    };
  },
};
