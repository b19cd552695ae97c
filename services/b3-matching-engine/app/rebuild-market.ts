import { createHash } from "node:crypto";
import { describeMarket } from "../domain/describe-market.js";
import { Market, type MarketSettings } from "../domain/market.js";
import type { Snapshot } from "./ports.js";

/** The market as it was when the last batch was stored: the resting orders, not all that ever happened. */
export function rebuildMarket(settings: MarketSettings, { sequence, resting, books }: Snapshot): Market {
  const market = new Market(settings);
  market.sequence = sequence;
  for (const order of resting) market.restore(order, order.terms);
  for (const { ticker, reference, bid, bidQuantity, ask, askQuantity } of books) {
    const book = market.books.get(ticker);
    if (book === undefined) continue;
    book.reference = reference;
    // A provider that was switched off since takes its quotes along; one that was switched on comes with the next
    // price.
    if (settings.providerSize === 0 || settings.mode === "reference") continue;
    if (bid !== null) book.quotes.BUY = { price: bid, quantity: bidQuantity };
    if (ask !== null) book.quotes.SELL = { price: ask, quantity: askQuantity };
  }
  return market;
}

/** Of all that decides what the market does next. */
export function hashMarket(market: Market): string {
  return createHash("sha256").update(describeMarket(market)).digest("hex");
}
