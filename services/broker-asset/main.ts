import { openCache } from "../../kit/cache/cache.js";
import { readRefreshMs } from "../../kit/quotes/quote-settings.js";
import {
  httpUrl,
  readCacheSettings,
  readDatabaseSettings,
  readKafkaBrokers,
  readListenSettings,
  readSettings,
} from "../../kit/settings.js";
import { openDatabase } from "../../kit/sql/database.js";
import { createUsers } from "../shared/auth/users.js";
import { openServer } from "../shared/http/open-server.js";
import { createLog } from "../shared/log.js";
import { openKafkaLink } from "../shared/messaging/kafka-link.js";
import { createMetrics } from "../shared/metrics.js";
import { once } from "../shared/once.js";
import type { ServiceDefinition } from "../shared/service.js";
import { type AssetTables, createAssetStore } from "./adapters/asset-store.js";
import { consumeMarketData } from "./adapters/market-data-consumer.js";
import { createPriceCache } from "./adapters/price-cache.js";
import { addAssetRoutes } from "./adapters/routes.js";
import { createCatalogue } from "./app/catalogue.js";
import { createPrices } from "./app/prices.js";

const name = "broker-asset";

/** What can be traded, and its last prices. */
export const brokerAsset: ServiceDefinition = {
  name,
  async start(context) {
    const settings = readSettings(context.env, {
      listen: readListenSettings,
      database: readDatabaseSettings,
      cache: readCacheSettings,
      brokers: readKafkaBrokers,
      identityUrl: httpUrl("IDENTITY_URL"),
      refreshMs: readRefreshMs,
    });
    const log = createLog(name, context);
    const metrics = createMetrics();
    const database = await openDatabase<AssetTables>(settings.database);
    const cache = await openCache(settings.cache);
    const kafka = openKafkaLink({ name, log, metrics, brokers: settings.brokers });
    const store = createAssetStore(database, context.migrationsFolder);
    const prices = createPrices({
      store,
      cache: createPriceCache({
        cache,
        onDown: (error) => log.warn({ error }, "broker-asset-cache is away"),
        onUp: () => log.info("broker-asset-cache is back"),
      }),
      // One that was missed is no reason to warn.
      freshMs: 3 * settings.refreshMs,
      onAway: (error) => log.warn({ error }, "prices are not saved"),
    });
    // Again with each look at its health, until it has been there.
    const restore = once(prices.restore);
    const catalogue = createCatalogue(store);
    const users = createUsers({ identityUrl: settings.identityUrl, log });
    const server = await openServer({
      name,
      description: "Assets and their prices.",
      listen: settings.listen,
      log,
      metrics,
      dependencies: [
        { name: "broker-asset-db", check: () => restore().then(store.ping) },
        { name: "broker-asset-cache", check: () => cache.ping() },
        { name: "kafka", check: () => kafka.ping() },
      ],
      routes: (app) => addAssetRoutes(app, { catalogue, prices, users }),
    });
    restore().catch((error: unknown) => log.warn({ error }, "broker-asset-db is away"));
    consumeMarketData(kafka, prices);
    return {
      address: server.address,
      close: async () => {
        await server.close();
        users.close();
        await kafka.close();
        await prices.close();
        await cache.close();
        await database.close();
      },
    };
  },
};
