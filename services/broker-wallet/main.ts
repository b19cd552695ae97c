import { MarketDataEvent, OrderEvent } from "../../contracts/messages.js";
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
import { openDatabase } from "../../kit/sql/database.js";
import { migrate, readMigrations } from "../../kit/sql/migrate.js";
import { requireService } from "../shared/auth/services.js";
import { createUsers } from "../shared/auth/users.js";
import { createIdempotency } from "../shared/http/idempotency.js";
import { openServer } from "../shared/http/open-server.js";
import { createLog } from "../shared/log.js";
import { openKafkaLink } from "../shared/messaging/kafka-link.js";
import { pause } from "../shared/messaging/messages.js";
import { createMetrics } from "../shared/metrics.js";
import { once } from "../shared/once.js";
import { type Relay, startRelay } from "../shared/outbox/relay.js";
import type { ServiceDefinition } from "../shared/service.js";
import { createOrderFollower } from "./adapters/consumer.js";
import { walletEvents } from "./adapters/events.js";
import { createPriceCache } from "./adapters/price-cache.js";
import { addRoutes } from "./adapters/routes.js";
import type { WalletSchema } from "./adapters/schema.js";
import { createSqlStore } from "./adapters/sql-store.js";
import { openLedger } from "./app/ledger.js";

const name = "broker-wallet";
const retryMs = 1_000;

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
    const database = await openDatabase<WalletSchema>(settings.database);
    const cache = await openCache(settings.cache);
    const kafka = openKafkaLink({ name, log, metrics, brokers: settings.brokers });
    const users = createUsers({ identityUrl: settings.identityUrl, log });
    const now = () => (Date.now() * 1_000) as Timestamp;
    const store = createSqlStore(database);
    const prices = createPriceCache(cache, log);
    const idempotency = createIdempotency(database);
    let relay: Relay | undefined;
    const ledger = openLedger({ store, now, onCommit: () => relay?.wake() });
    const whenReady = once(async () =>
      migrate(database, await readMigrations(context.migrationsFolder, database.dialect.kind)),
    );
    const server = await openServer({
      name,
      description: "Accounts, positions and reservations.",
      listen: settings.listen,
      log,
      metrics,
      dependencies: [
        { name: "broker-wallet-db", check: () => whenReady().then(() => database.ping()) },
        { name: "broker-wallet-cache", check: () => cache.ping() },
        { name: "kafka", check: () => kafka.ping() },
      ],
      routes: (app) =>
        addRoutes(app, {
          users,
          requireOrder: requireService(settings.orderToken),
          ...{ whenReady, store, ledger, prices, idempotency, now },
        }),
    });
    const follow = createOrderFollower(ledger);
    const closing = new AbortController();
    const begin = async () => {
      while (!closing.signal.aborted && !(await succeeds(whenReady))) await pause(retryMs, closing.signal);
      if (closing.signal.aborted) return;
      relay = startRelay({ database, kafka, log, metrics });
      void kafka.ensureTopics([walletEvents]);
      kafka.consume({
        groupId: name,
        topics: { "order-events-v1": OrderEvent, "trading-assets-market-data-v1": MarketDataEvent },
        handle: async (batch) => {
          prices.note(
            batch.flatMap((one) => (one.topic === "trading-assets-market-data-v1" ? [one.value] : [])),
          );
          await follow(batch.filter((one) => one.topic === "order-events-v1"));
        },
        probe: () => database.ping(),
      });
    };
    const begun = begin();
    return {
      address: server.address,
      close: async () => {
        closing.abort();
        await server.close();
        await begun;
        users.close();
        await idempotency.close();
        // First what takes messages, then what they changed.
        await relay?.close();
        await kafka.close();
        await ledger.close();
        await prices.close();
        await cache.close();
        await database.close();
      },
    };
  },
};

function succeeds(work: () => Promise<unknown>): Promise<boolean> {
  return work().then(
    () => true,
    () => false,
  );
}
