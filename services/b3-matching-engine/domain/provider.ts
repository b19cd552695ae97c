import { type Money, priceLimit } from "../../../kit/money.js";

/** A price at which the liquidity provider stands, and how much is left of it. */
export interface Quote {
  readonly price: Money;
  quantity: number;
}

/**
 * The provider's prices around a reference: bid = reference - s, ask = reference + s, s = max(1 tick, 0.05 % rounded
 * up to ticks); a reference between ticks widens them. undefined where that is no price.
 */
export function quotePrices(
  reference: Money,
  tick: Money,
): { bid: Money | undefined; ask: Money | undefined } {
  const spread = Math.max(tick, Math.ceil((reference * 5) / (10_000 * tick)) * tick);
  const bid = Math.floor((reference - spread) / tick) * tick;
  const ask = Math.ceil((reference + spread) / tick) * tick;
  return {
    bid: bid >= tick ? (bid as Money) : undefined,
    ask: ask <= priceLimit ? (ask as Money) : undefined,
  };
}
