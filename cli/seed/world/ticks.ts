import { marketPriceKey } from "../../../contracts/messages.js";
import { type Instrument, quotedInstruments } from "../../../kit/instruments.js";
import { type Money, toPayload } from "../../../kit/money.js";
import type { CacheBatch, CachePart, CollectionShape, SeedDocument } from "./parts.js";
import type { Prices } from "./prices.js";
import { assetHistory, priceHistory } from "./tables.js";
import { historyDays } from "./timeline.js";

export interface Ticks {
  readonly prices: Prices;
  readonly asOfMs: number;
  readonly perInstrument: number;
}

const historySeconds = historyDays * 86_400;
/** What broker-report keeps of a ticker. */
const keptPoints = 10_000;

/** Evenly over the days before as-of, the last one at as-of itself. */
function* makeTicks({ asOfMs, perInstrument }: Ticks, last: number): Generator<[Instrument, number]> {
  const stepMs = Math.max(1, Math.floor(historySeconds / perInstrument)) * 1_000;
  for (let back = Math.min(last, perInstrument) - 1; back >= 0; back--) {
    for (const instrument of quotedInstruments) yield [instrument, asOfMs - back * stepMs];
  }
}

/** As broker-market-data writes them at as-of: it takes out by created_at what is old. */
function* makeHistory(ticks: Ticks): Generator<SeedDocument> {
  const created_at = new Date(ticks.asOfMs).toISOString();
  for (const [instrument, atMs] of makeTicks(ticks, ticks.perInstrument)) {
    const { price, volume, time: updated_at } = ticks.prices.quoteAt(instrument, atMs);
    const { ticker, name } = instrument;
    const quote = { ticker, name, short_name: name, price: toPayload(price), volume, updated_at };
    yield { id: `${ticker}:${updated_at}`, document: { ...quote, created_at } };
  }
}

/** As broker-report keeps them. */
function* makePoints(ticks: Ticks): Generator<SeedDocument> {
  for (const [instrument, atMs] of makeTicks(ticks, keptPoints)) {
    const { price, volume, time } = ticks.prices.quoteAt(instrument, atMs);
    const { ticker } = instrument;
    const document = { ticker, price: toPayload(price), volume, time, owner: ticker, place: time };
    yield { id: `${ticker} ${time}`, document };
  }
}

export const tickDocuments = new Map<CollectionShape, (ticks: Ticks) => Iterable<SeedDocument>>([
  [priceHistory, makeHistory],
  [assetHistory, makePoints],
]);

/** Last prices, as each cache has them. */
export function makeEntries(part: CachePart, asOfMs: number): CacheBatch {
  const regularMarketTime = new Date(asOfMs).toISOString();
  return quotedInstruments.map(({ ticker, basePrice }) => {
    const price = toPayload(basePrice as Money);
    const shown = { regularMarketPrice: price, regularMarketChangePercent: 0, regularMarketTime };
    const value = part === "market-cache" ? JSON.stringify({ ticker, ...shown }) : String(price);
    return [marketPriceKey(ticker), value];
  });
}
