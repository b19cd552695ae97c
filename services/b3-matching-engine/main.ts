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
import { openServer } from "../shared/http/open-server.js";
import { createLog } from "../shared/log.js";
import { openRabbitmq } from "../shared/messaging/rabbitmq-link.js";
import { createMetrics } from "../shared/metrics.js";
import { type Relay, startRelay } from "../shared/outbox/relay.js";
import type { ServiceDefinition } from "../shared/service.js";
import { openStore } from "../shared/store.js";
import { createEngineMetrics } from "./adapters/engine-metrics.js";
import { createEngineStore } from "./adapters/engine-store.js";
import { addRoutes } from "./adapters/routes.js";
import type { EngineSchema } from "./adapters/schema.js";
import { startWork, type Work } from "./adapters/work.js";
import { Engine } from "./app/engine.js";
import { createPriceFeed } from "./app/price-feed.js";

const name = "b3-matching-engine";
const lookIntervalMs = 1_000;

/** The exchange: matches orders, and tells the broker what became of them. */
export const b3MatchingEngine: ServiceDefinition = {
  name,
  async start(context) {
    const settings = readEngineSettings(context.env);
    const log = createLog(name, context);
    const metrics = createMetrics();
    const { migrationsFolder } = context;
    const store = await openStore<EngineSchema>({
      ...{ name: "b3-core-db", settings: settings.database, migrationsFolder, log },
    });
    const { database } = store;
    const cache = await openCache(settings.cache);
    const rabbitmq = openRabbitmq(settings.rabbitmq, { name, log, metrics });
    const users = createUsers({ identityUrl: settings.identityUrl, log });
    let relay: Relay | undefined;
    let work: Work | undefined;
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
        relay?.wake();
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
    let closed = false;
    void store.ready.then(() => {
      if (closed) return;
      relay = startRelay({ database, rabbitmq, log, metrics });
      work = startWork({ engine, feed, rabbitmq, log, intervalMs: lookIntervalMs });
    });
    const checkStore = async () => {
      await store.dependency.check();
      if (work?.problem !== undefined) throw new Error(work.problem);
    };
    const server = await openServer({
      name,
      description: "The exchange: books and executions.",
      listen: settings.listen,
      log,
      metrics,
      dependencies: [
        { name: "b3-core-db", check: checkStore },
        { name: "rabbitmq", check: () => rabbitmq.ping() },
        { name: "b3-market-cache", check: () => cache.ping() },
      ],
      routes: (app) => addRoutes(app, { engine, database, users }),
    });
    return {
      address: server.address,
      close: async () => {
        closed = true;
        await server.close();
        await work?.close();
        await relay?.close();
        await rabbitmq.close();
        users.close();
        await cache.close();
        await store.close();
      },
    };
  },
};

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
