import type { MarketDataEvent } from "../../../contracts/messages.js";
import { marketPriceKey } from "../../../contracts/messages.js";
import type { Cache } from "../../../kit/cache/cache.js";
import { within } from "../../../kit/within.js";
import type { Log } from "../../shared/log.js";

/** Last prices by ticker, in the wallet's cache. Nothing waits for them: without the cache there are none. */
export interface PriceCache {
  /** Writes them in the background; only the last of each ticker while a write is under way. */
  note(events: readonly MarketDataEvent[]): void;
  /** Those that are known, in BRL. */
  read(tickers: readonly string[]): Promise<Map<string, number>>;
  close(): Promise<void>;
}

const readLimitMs = 300;

export function createPriceCache(cache: Cache, log: Pick<Log, "warn">): PriceCache {
  let waiting = new Map<string, string>();
  let writing: Promise<void> | undefined;
  let told = false;

  async function write(): Promise<void> {
    while (waiting.size > 0) {
      const entries = waiting;
      waiting = new Map();
      try {
        await cache.setMany(entries);
        told = false;
      } catch (error) {
        // The next prices come within seconds.
        if (!told) log.warn({ error }, "prices are not kept: the cache is away");
        told = true;
      }
    }
    writing = undefined;
  }

  return {
    note(events) {
      for (const { ticker, price } of events) waiting.set(marketPriceKey(ticker), String(price));
      if (events.length === 0) return;
      writing ??= write();
    },
    async read(tickers) {
      const keys = tickers.map(marketPriceKey);
      const found = await within(cache.getMany(keys), readLimitMs).catch(() => new Map<string, string>());
      const prices = tickers.map((ticker) => [ticker, Number(found.get(marketPriceKey(ticker)))] as const);
      return new Map(prices.filter(([, price]) => price > 0));
    },
    close: async () => writing,
  };
}
