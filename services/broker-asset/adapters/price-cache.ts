import { marketPriceKey } from "../../../contracts/messages.js";
import type { Cache } from "../../../kit/cache/cache.js";
import { type Money, parseMoney, priceLimit, toPayload } from "../../../kit/money.js";
import { within } from "../../../kit/within.js";
import type { PriceCache } from "../app/ports.js";

export interface PriceCacheOptions {
  readonly cache: Pick<Cache, "get" | "setMany">;
  /** The first failure after a success. */
  readonly onDown: (error: unknown) => void;
  readonly onUp: () => void;
}

/** A cache that takes longer to answer is away. */
const patienceMs = 250;

/**
 * After a failure it is not read until all prices have been written to it again: it may come back with old ones, and
 * nobody is to wait for it at each request.
 */
export function createPriceCache({ cache, onDown, onUp }: PriceCacheOptions): PriceCache {
  let down = false;
  const attempt = async <T>(work: Promise<T>): Promise<{ readonly value: T } | undefined> => {
    try {
      return { value: await within(work, patienceMs) };
    } catch (error) {
      if (!down) onDown(error);
      down = true;
      return undefined;
    }
  };
  return {
    async read(ticker) {
      if (down) return undefined;
      return readPrice((await attempt(cache.get(marketPriceKey(ticker))))?.value);
    },
    async write(known, changed) {
      const prices = [...known.values()].filter(({ ticker }) => down || changed.has(ticker));
      const entries = new Map(
        prices.map(({ ticker, price }) => [marketPriceKey(ticker), String(toPayload(price))]),
      );
      if ((await attempt(cache.setMany(entries))) === undefined || !down) return;
      down = false;
      onUp();
    },
  };
}

/** undefined for what is no price: the cache is open to others. */
function readPrice(text: string | undefined): Money | undefined {
  try {
    const price = parseMoney(text);
    return price > 0 && price <= priceLimit ? price : undefined;
  } catch {
    return undefined;
  }
}
