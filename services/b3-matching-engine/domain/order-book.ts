import type { Side } from "../../../contracts/fields.js";
import type { Money } from "../../../kit/money.js";
import type { Listing } from "./check-order.js";
import type { Order } from "./commands.js";
import { PriceLadder, type Resting } from "./price-ladder.js";
import type { Quote } from "./provider.js";

/** Told of each trade of `take`; maker null: the liquidity provider. */
export type OnTrade = (maker: Order | null, price: Money, quantity: number) => void;

export interface BookLevel {
  readonly price: Money;
  quantity: number;
  orders: number;
}

/** Price-time priority: the better price first, at one price who came first, the provider's quote behind all. */
export class OrderBook {
  readonly listing: Listing;
  reference: Money | null = null;
  readonly ladders = { BUY: new PriceLadder("BUY"), SELL: new PriceLadder("SELL") };
  readonly quotes: Record<Side, Quote | null> = { BUY: null, SELL: null };

  constructor(listing: Listing) {
    this.listing = listing;
  }

  rest(order: Order, { side, price }: { readonly side: Side; readonly price: Money }): Resting {
    return this.ladders[side].add(order, price);
  }

  remove(side: Side, resting: Resting): void {
    this.ladders[side].remove(resting);
  }

  /**
   * Takes up to `quantity` from the other side at `limit` or better, each at the maker's price.
   * @returns what is left of it
   */
  take(side: Side, { limit, quantity }: { limit: Money; quantity: number }, onTrade: OnTrade): number {
    const makers = side === "BUY" ? "SELL" : "BUY";
    const sign = side === "BUY" ? 1 : -1;
    const ladder = this.ladders[makers];
    let left = quantity;
    while (left > 0) {
      const level = ladder.best;
      const quote = this.quotes[makers];
      const quoteIsNext = quote !== null && (level === undefined || quote.price * sign < level.price * sign);
      const price = quoteIsNext ? quote.price : level?.price;
      if (price === undefined || price * sign > limit * sign) break;
      if (quoteIsNext) {
        const traded = Math.min(left, quote.quantity);
        left -= traded;
        quote.quantity -= traded;
        if (quote.quantity === 0) this.quotes[makers] = null;
        onTrade(null, price, traded);
        continue;
      }
      const first = level?.first as Resting;
      const traded = Math.min(left, first.order.leavesQuantity);
      left -= traded;
      // The level counts what the maker has before the trade.
      if (traded === first.order.leavesQuantity) ladder.remove(first);
      else first.level.quantity -= traded;
      onTrade(first.order, price, traded);
    }
    return left;
  }

  /** Whether `take` would leave nothing. */
  canTake(side: Side, limit: Money, quantity: number): boolean {
    const makers = side === "BUY" ? "SELL" : "BUY";
    const sign = side === "BUY" ? 1 : -1;
    const quote = this.quotes[makers];
    let left = quantity;
    if (quote !== null && quote.price * sign <= limit * sign) left -= quote.quantity;
    for (const level of this.ladders[makers].levels()) {
      if (left <= 0 || level.price * sign > limit * sign) break;
      left -= level.quantity;
    }
    return left <= 0;
  }

  /** One side as it is shown, best first, the provider's quote among it. */
  view(side: Side): BookLevel[] {
    const sign = side === "BUY" ? -1 : 1;
    const levels: BookLevel[] = [];
    for (const { price, quantity, orders } of this.ladders[side].levels()) {
      levels.push({ price, quantity, orders });
    }
    const quote = this.quotes[side];
    if (quote === null) return levels;
    const index = levels.findIndex(({ price }) => price * sign >= quote.price * sign);
    const found = levels[index];
    if (found?.price === quote.price) {
      found.quantity += quote.quantity;
      found.orders += 1;
    } else {
      levels.splice(index < 0 ? levels.length : index, 0, { ...quote, orders: 1 });
    }
    return levels;
  }
}
