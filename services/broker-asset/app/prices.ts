import type { AssetPrice } from "../../../contracts/rest.js";
import { toPayload } from "../../../kit/money.js";
import { within } from "../../../kit/within.js";
import type { AssetStore, KnownPrice, PriceCache } from "./ports.js";

export interface Prices {
  /** What the database has, for tickers of which nothing newer is known. */
  restore(): Promise<void>;
  /** In any order: the newest of each ticker counts. Never rejects: what is away gets it with the next ones. */
  take(prices: readonly KnownPrice[]): Promise<void>;
  /** The cache's price, else the last known; undefined where there never was one. */
  find(ticker: string): Promise<AssetPrice | undefined>;
  /** Waits for what is being saved, 3 s at most. */
  close(): Promise<void>;
}

export interface PricesOptions {
  readonly cache: PriceCache;
  readonly store: Pick<AssetStore, "loadPrices" | "savePrices">;
  /** An older price is said to be stale. */
  readonly freshMs: number;
  /** The database failed, for the first time after a success. */
  readonly onAway: (error: unknown) => void;
}

/** No more tickers than this are followed. */
const mostTickers = 2_000;
const closingMs = 3_000;

/** Last prices in three places: the cache for all who look there, this memory, and the database for the next start. */
export function createPrices({ cache, store, freshMs, onAway }: PricesOptions): Prices {
  const known = new Map<string, KnownPrice>();
  const unsaved = new Set<string>();
  let saving: Promise<void> | undefined;
  let away = false;
  const learn = (price: KnownPrice) => {
    const before = known.get(price.ticker);
    const refused =
      before === undefined ? known.size >= mostTickers : before.updatedAtMs >= price.updatedAtMs;
    if (!refused) known.set(price.ticker, price);
    return !refused;
  };
  const save = async () => {
    while (unsaved.size > 0) {
      const tickers = [...unsaved];
      unsaved.clear();
      try {
        await store.savePrices(tickers.flatMap((ticker) => known.get(ticker) ?? []));
      } catch (error) {
        for (const ticker of tickers) unsaved.add(ticker);
        if (!away) onAway(error);
        away = true;
        return;
      }
      away = false;
    }
  };
  return {
    async restore() {
      for (const price of await store.loadPrices()) learn(price);
    },
    async take(prices) {
      const tickers = new Set(prices.filter(learn).map(({ ticker }) => ticker));
      if (tickers.size === 0) return;
      for (const ticker of tickers) unsaved.add(ticker);
      // Not waited for: the prices that come next must not stand behind a database that does not answer.
      saving ??= save().finally(() => {
        saving = undefined;
      });
      await cache.write(known, tickers);
    },
    async find(ticker) {
      const last = known.get(ticker);
      const price = (await cache.read(ticker)) ?? last?.price;
      if (price === undefined) return undefined;
      // One that only the cache has may be of any age.
      const updatedAtMs = last?.updatedAtMs ?? 0;
      const stale = Date.now() - updatedAtMs > freshMs;
      return { ticker, price: toPayload(price), updatedAt: new Date(updatedAtMs).toISOString(), stale };
    },
    close: () => within(saving ?? Promise.resolve(), closingMs).catch(() => {}),
  };
}
