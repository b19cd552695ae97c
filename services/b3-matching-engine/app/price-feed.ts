import { MarketPrice, marketPriceKey } from "../../../contracts/messages.js";
import type { Cache } from "../../../kit/cache/cache.js";
import { type Money, MoneyError, parseMoney } from "../../../kit/money.js";
import { compile } from "../../shared/validate.js";

const readPrice = compile(MarketPrice);

/** Reference prices as the exchange's cache has them. */
export interface PriceFeed {
  /** Of tickers whose entry is another than at the last call; one that cannot be read is passed over. */
  readChanged(): Promise<[ticker: string, price: Money][]>;
  /** The next call gives all. */
  forget(): void;
}

export function createPriceFeed(cache: Pick<Cache, "getMany">, tickers: readonly string[]): PriceFeed {
  const keys = new Map(tickers.map((ticker) => [marketPriceKey(ticker), ticker]));
  const seen = new Map<string, string>();
  return {
    readChanged: async () => {
      const entries = await cache.getMany([...keys.keys()]);
      const changed: [string, Money][] = [];
      for (const [key, text] of entries) {
        if (seen.get(key) === text) continue;
        seen.set(key, text);
        const price = parsePrice(text);
        if (price !== undefined) changed.push([keys.get(key) as string, price]);
      }
      return changed;
    },
    forget: () => seen.clear(),
  };
}

function parsePrice(text: string): Money | undefined {
  try {
    const entry = readPrice(JSON.parse(text));
    return entry.ok ? parseMoney(entry.value.regularMarketPrice) : undefined;
  } catch (error) {
    if (error instanceof MoneyError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
