import { type MarketPrice, marketPriceKey } from "../../../contracts/messages.js";
import type { Quote as QuoteBody } from "../../../contracts/rest.js";
import type { Cache } from "../../../kit/cache/cache.js";
import { findInstrument, quotedInstruments } from "../../../kit/instruments.js";
import { toPayload } from "../../../kit/money.js";
import type { Quote } from "../../../kit/quotes/quote.js";

/** The exchange's reference prices: market:price:{TICKER} in b3-market-cache, and a copy here for who asks. */
export interface MarketPrices {
  /** What the cache had at the last end, where nothing newer has come: a source may take half a minute. */
  restore(): Promise<void>;
  write(quotes: readonly Quote[]): Promise<void>;
  list(): QuoteBody[];
  /** Of an odd-lot book: that of its share. */
  find(ticker: string): QuoteBody | undefined;
}

export function createMarketPrices(cache: Cache): MarketPrices {
  const prices = new Map<string, QuoteBody>();
  return {
    async restore() {
      const keys = quotedInstruments.map(({ ticker }) => marketPriceKey(ticker));
      for (const text of (await cache.getMany(keys)).values()) {
        const quote = readPrice(text);
        if (quote !== undefined && !prices.has(quote.ticker)) prices.set(quote.ticker, quote);
      }
    },
    async write(quotes) {
      const bodies = quotes.map(toBody);
      for (const body of bodies) prices.set(body.ticker, body);
      // Without an end: a price that is late is used and said to be, one that is gone stops the market.
      await cache.setMany(new Map(bodies.map((body) => [marketPriceKey(body.ticker), writePrice(body)])));
    },
    list: () => quotedInstruments.flatMap(({ ticker }) => prices.get(ticker) ?? []),
    find(ticker) {
      const quote = prices.get(findInstrument(ticker)?.baseTicker ?? "");
      return quote && { ...quote, ticker };
    },
  };
}

function toBody({ instrument, price, changePercent, time }: Quote): QuoteBody {
  return { ticker: instrument.ticker, price: toPayload(price), changePercent, time };
}

function writePrice({ ticker, price, changePercent, time }: QuoteBody): string {
  return JSON.stringify({
    ticker,
    regularMarketPrice: price,
    regularMarketChangePercent: changePercent,
    regularMarketTime: time,
  } satisfies MarketPrice);
}

/** undefined for what somebody else has put there. */
function readPrice(text: string): QuoteBody | undefined {
  try {
    const read: Partial<MarketPrice> | null = JSON.parse(text);
    const { ticker, regularMarketPrice, regularMarketChangePercent, regularMarketTime } = read ?? {};
    if (ticker === undefined || regularMarketPrice === undefined || regularMarketTime === undefined) return;
    const changePercent = regularMarketChangePercent ?? 0;
    return { ticker, price: regularMarketPrice, changePercent, time: regularMarketTime };
  } catch {
    return undefined;
  }
}
