import { MarketDataEvent, OrderEvent } from "../../../contracts/messages.js";
import type { Database } from "../../../kit/sql/database.js";
import type { KafkaLink } from "../../shared/messaging/kafka-link.js";
import type { LinkContext } from "../../shared/messaging/messages.js";
import { type Relay, startRelay } from "../../shared/outbox/relay.js";
import type { Ledger } from "../app/ledger.js";
import { createOrderFollower } from "./consumer.js";
import { walletEvents } from "./events.js";
import type { PriceCache } from "./price-cache.js";
import type { WalletSchema } from "./schema.js";

export interface WorkOptions extends LinkContext {
  readonly database: Database<WalletSchema>;
  readonly kafka: KafkaLink;
  readonly ledger: Pick<Ledger, "runAll">;
  readonly prices: Pick<PriceCache, "note">;
  /** Resolves when the database has its schema. */
  readonly ready: Promise<void>;
}

export interface Work {
  /** There may be something to publish. */
  wake(): void;
  /** Consumers end with the link. */
  close(): Promise<void>;
}

/** All that happens without a request, from when the database is there: publish, follow orders, keep prices. */
export function startWork({ database, kafka, ledger, prices, ready, ...context }: WorkOptions): Work {
  const follow = createOrderFollower(ledger);
  let relay: Relay | undefined;
  let closed = false;
  void ready.then(() => {
    if (closed) return;
    relay = startRelay({ database, kafka, ...context });
    // Until then the relay's rows wait.
    kafka
      .ensureTopics([walletEvents])
      .catch((error: unknown) => context.log.warn({ error }, "topics not created"));
    kafka.consume({
      groupId: context.name,
      topics: { "order-events-v1": OrderEvent, "trading-assets-market-data-v1": MarketDataEvent },
      handle: async (batch) => {
        prices.note(
          batch.flatMap((one) => (one.topic === "trading-assets-market-data-v1" ? [one.value] : [])),
        );
        await follow(batch.filter((one) => one.topic === "order-events-v1"));
      },
      probe: () => database.ping(),
    });
  });
  return {
    wake: () => relay?.wake(),
    close: async () => {
      closed = true;
      await relay?.close();
    },
  };
}
