import { type Money, priceLimit, quantityLimit } from "../../../kit/money.js";
import type { Terms } from "./commands.js";

/** What is traded in one book. */
export interface Listing {
  readonly ticker: string;
  /** Whose reference price is this book's too: PETR4 of PETR4F. */
  readonly baseTicker: string;
  readonly tick: Money;
  readonly lotSize: number;
  readonly maxQuantity: number;
}

/** Why the exchange refuses an order: a stable code, or undefined where it takes it. */
export function findRefusal(terms: Terms, listing: Listing | undefined): string | undefined {
  const { price, quantity } = terms;
  if (listing === undefined) return "UNKNOWN_TICKER";
  if (terms.sessionDate === null) return "SESSION_CLOSED";
  if (quantity > quantityLimit || (price !== null && price > priceLimit)) return "AMOUNT_LIMIT";
  if (!(quantity >= 1) || quantity > listing.maxQuantity || quantity % listing.lotSize !== 0)
    return "ODD_LOT";
  // Without one nobody would know what a buyer must have.
  if (price === null) return "PRICE_MISSING";
  if (price < listing.tick || price % listing.tick !== 0) return "OFF_TICK";
  return undefined;
}
