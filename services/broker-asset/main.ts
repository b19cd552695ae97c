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
import { createUsers } from "../shared/auth/users.js";
import { defineService } from "../shared/define-service.js";
import { openKafkaLink } from "../shared/messaging/kafka-link.js";
import { once } from "../shared/once.js";
import { openStore } from "../shared/store.js";
import { type AssetTables, createAssetStore, seed } from "./adapters/asset-store.js";
import { consumeMarketData } from "./adapters/market-data-consumer.js";
import { createPriceCache } from "./adapters/price-cache.js";
import { addAssetRoutes } from "./adapters/routes.js";
import { createCatalogue } from "./app/catalogue.js";
import { createPrices } from "./app/prices.js";

/** What can be traded, and its last prices. */
export const brokerAsset = defineService("broker-asset", async (parts) => {
  const { env, log, own } = parts;
  const settings = readSettings(env, {
    listen: readListenSettings,
    database: readDatabaseSettings,
    cache: readCacheSettings,
    brokers: readKafkaBrokers,
    identityUrl: httpUrl("IDENTITY_URL"),
    refreshMs: readRefreshMs,
  });
  const sql = own(
    await openStore<AssetTables>(parts, {
      name: "broker-asset-db",
      settings: settings.database,
      prepare: seed,
    }),
  );
  const cache = own(await openCache(settings.cache));
  const store = createAssetStore(sql.database);
  const prices = own(
    createPrices({
      store,
      cache: createPriceCache({
        cache,
        onDown: (error) => log.warn({ error }, "broker-asset-cache is away"),
        onUp: () => log.info("broker-asset-cache is back"),
      }),
      // One that was missed is no reason to warn.
      freshMs: 3 * settings.refreshMs,
      onAway: (error) => log.warn({ error }, "prices are not saved"),
    }),
  );
  const users = own(createUsers({ identityUrl: settings.identityUrl, log }));
  const kafka = own(openKafkaLink({ ...parts, brokers: settings.brokers }));
  consumeMarketData(kafka, prices);
  const catalogue = createCatalogue(store);
  const restore = once(prices.restore);
  // Where this fails: again with each look at its health.
  void sql.ready.then(restore).catch(() => {});
  return parts.serve({
    description: "Assets and their prices.",
    listen: settings.listen,
    dependencies: [
      { name: "broker-asset-db", check: () => sql.dependency.check().then(restore) },
      { name: "broker-asset-cache", check: () => cache.ping() },
      { name: "kafka", check: () => kafka.ping() },
    ],
    routes: (app) => addAssetRoutes(app, { catalogue, prices, users }),
  });
});
