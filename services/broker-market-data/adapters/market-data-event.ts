import type { MarketDataEvent } from "../../../contracts/messages.js";
import { toPayload } from "../../../kit/money.js";
import type { Quote } from "../../../kit/quotes/quote.js";

/** A quote as trading-assets-market-data-v1 and price_history have it. */
export function toMarketDataEvent({ instrument, price, volume, time }: Quote): MarketDataEvent {
  const { ticker, name } = instrument;
  return { ticker, name, short_name: name, price: toPayload(price), volume, updated_at: time };
}
