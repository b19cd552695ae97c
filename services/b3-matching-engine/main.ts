import { openCache } from "../../kit/cache/cache.js";
import { listInstruments, quotedInstruments } from "../../kit/instruments.js";
import {
  type Env,
  flag,
  httpUrl,
  integer,
  oneOf,
  readCacheSettings,
  readDatabaseSettings,
  readListenSettings,
  readRabbitmqSettings,
  readSettings,
} from "../../kit/settings.js";
import { createUsers } from "../shared/auth/users.js";
import { defineService } from "../shared/define-service.js";
import { openRabbitmq } from "../shared/messaging/rabbitmq-link.js";
import { startRelay } from "../shared/outbox/relay.js";
import { openStore } from "../shared/store.js";
import { createEngineMetrics } from "./adapters/engine-metrics.js";
import { createEngineStore } from "./adapters/engine-store.js";
import { addRoutes } from "./adapters/routes.js";
import type { EngineSchema } from "./adapters/schema.js";
import { startWork } from "./adapters/work.js";
import { Engine } from "./app/engine.js";
import { createPriceFeed } from "./app/price-feed.js";

const lookIntervalMs = 1_000;

/** The exchange: matches orders, and tells the broker what became of them. */
export const b3MatchingEngine = defineService("b3-matching-engine", async (parts) => {
  const { env, log, metrics, own } = parts;
  const settings = readEngineSettings(env);
  const store = own(
    await openStore<EngineSchema>(parts, { name: "b3-core-db", settings: settings.database }),
  );
  const { database } = store;
  const cache = own(await openCache(settings.cache));
  const rabbitmq = own(openRabbitmq(settings.rabbitmq, parts));
  const users = own(createUsers({ identityUrl: settings.identityUrl, log }));
  const relay = own(startRelay({ ...parts, store, rabbitmq }));
  const count = createEngineMetrics(metrics, () => engine.market);
  const engine = new Engine({
    store: createEngineStore(database),
    settings: {
      ...settings,
      listings: listInstruments(),
      providerSize: settings.hasProvider ? settings.providerSize : 0,
    },
    log,
    now: Date.now,
    committed: (commands, results) => {
      relay.wake();
      count(commands, results);
      for (const { orderId, status, reason } of results) {
        if (status === "REJECTED") log.info({ orderId, reason }, "order rejected");
      }
    },
  });
  const feed = createPriceFeed(
    cache,
    quotedInstruments.map(({ ticker }) => ticker),
  );
  const work = own(startWork({ engine, feed, rabbitmq, log, intervalMs: lookIntervalMs }));
  const checkStore = async () => {
    await store.dependency.check();
    if (work.problem !== undefined) throw new Error(work.problem);
  };
  return parts.serve({
    description: "The exchange: books and executions.",
    listen: settings.listen,
    dependencies: [
      { name: "b3-core-db", check: checkStore },
      { name: "rabbitmq", check: () => rabbitmq.ping() },
      { name: "b3-market-cache", check: () => cache.ping() },
    ],
    routes: (app) => addRoutes(app, { engine, database, users }),
  });
});

/** docs/adr/0009-domain-services.md. @throws SettingError */
function readEngineSettings(env: Env) {
  return readSettings(env, {
    listen: readListenSettings,
    database: readDatabaseSettings,
    cache: readCacheSettings,
    rabbitmq: readRabbitmqSettings,
    identityUrl: httpUrl("IDENTITY_URL"),
    mode: oneOf("B3_MATCHING_MODE", ["book", "reference"], "book"),
    session: oneOf("SESSION", ["always", "b3"], "always"),
    hasProvider: flag("LP_ENABLED", true),
    providerSize: integer("LP_SIZE", { minimum: 1, maximum: 10_000_000, fallback: 1_000 }),
  });
}
