import type { Side } from "../../../../contracts/fields.js";
import type { Money } from "../../../../kit/money.js";
import { findRefusal } from "../check-order.js";
import type { CancelOrder, Command, NewOrder, Order, Result } from "../commands.js";
import type { MarketSettings } from "../market.js";

interface Offer {
  /** null: the provider. */
  readonly order: Order | null;
  readonly ticker: string;
  readonly side: Side;
  readonly price: Money;
  quantity: number;
  /** Later than every order: the provider is behind all. */
  readonly time: number;
}

/**
 * The rules of docs/matching-engine.md said as plainly as can be, with one array that is filtered and sorted for
 * every order: the oracle of the market that is fast.
 */
export class NaiveMarket {
  offers: Offer[] = [];
  references = new Map<string, Money>();
  sequence = 0;
  #results: Result[] = [];
  #trades = 0;

  constructor(private readonly settings: MarketSettings) {}

  apply(command: Command): Result[] {
    this.#results = [];
    this.#trades = 0;
    this.sequence = command.sequence;
    if (command.kind === "NEW") this.#place(command);
    if (command.kind === "CANCEL") this.#cancel(command);
    if (command.kind === "REFUSE") this.#tell(newOrder(command, 0), "REJECTED", "ENGINE_REFUSED");
    if (command.kind === "SESSION_END") {
      const expired = this.offers
        .filter(({ order }) => order !== null && (order.terms?.sessionDate ?? "") <= command.date)
        .sort((one, other) => one.time - other.time);
      for (const { order } of expired) this.#end(order as Order, "EXPIRED", "SESSION_END");
    }
    if (command.kind === "PRICE") {
      for (const [base, price] of command.prices) {
        for (const { ticker, baseTicker } of this.settings.listings) {
          if (baseTicker === base) this.#setPrice(ticker, price);
        }
      }
    }
    return this.#results;
  }

  #place(command: NewOrder): void {
    const order = newOrder(command, command.quantity, command);
    const listing = this.settings.listings.find(({ ticker }) => ticker === command.ticker);
    const { ticker, side, quantity } = command;
    const price = command.price as Money;
    const market = this.references.get(ticker);
    const isReference = this.settings.mode === "reference";
    const refusal =
      findRefusal(command, listing) ??
      (isReference && market === undefined ? "NO_PRICE" : undefined) ??
      (isReference && !reaches(side, price, market as Money) ? "PRICE_NOT_REACHED" : undefined);
    if (refusal !== undefined) {
      this.#tell(order, "REJECTED", refusal);
      return;
    }
    if (isReference) {
      this.#tell(order, "ACCEPTED");
      this.#execute({ taker: order, maker: null, price: market as Money, quantity });
      return;
    }
    this.#tell(order, "ACCEPTED");
    const sum = this.#against(ticker, side, price).reduce((total, offer) => total + offer.quantity, 0);
    if (command.timeInForce !== "FOK" || sum >= quantity)
      this.#take(order, { ticker, side, price, quantity });
    if (order.leavesQuantity === 0) return;
    if (command.timeInForce === "DAY" && command.type === "LIMIT") {
      this.offers.push({ order, ticker, side, price, quantity: order.leavesQuantity, time: order.sequence });
    } else this.#tell(order, "CANCELLED", "NO_LIQUIDITY");
  }

  #cancel({ orderId, sequence, past }: CancelOrder): void {
    const offer = this.offers.find(({ order }) => order?.orderId === orderId);
    const order = { ...newOrder({ orderId, sequence }, 0), ...past };
    if (offer?.order) this.#end(offer.order, "CANCELLED");
    else if (past === null) this.#tell(order, "CANCELLED", "UNKNOWN_ORDER");
    else this.#tell(order, "CANCEL_REJECTED", "TOO_LATE");
  }

  #setPrice(ticker: string, reference: Money): void {
    this.references.set(ticker, reference);
    this.offers = this.offers.filter((offer) => offer.order !== null || offer.ticker !== ticker);
    const { providerSize, mode, listings } = this.settings;
    if (providerSize === 0 || mode === "reference") return;
    const tick = BigInt(listings.find((listing) => listing.ticker === ticker)?.tick ?? 1);
    const up = (value: bigint) => ((value + tick - 1n) / tick) * tick;
    // 0.05 % is 1/2000.
    const inTicks = up((BigInt(reference) + 1_999n) / 2_000n);
    const spread = inTicks > tick ? inTicks : tick;
    const bid = Number(((BigInt(reference) - spread) / tick) * tick);
    const ask = Number(up(BigInt(reference) + spread));
    for (const [side, price] of [["BUY", bid] as const, ["SELL", ask] as const]) {
      if (price < Number(tick) || price > 10_000_000_000) continue;
      const quantity = this.#take(null, { ticker, side, price: price as Money, quantity: providerSize });
      const time = Number.POSITIVE_INFINITY;
      if (quantity > 0)
        this.offers.push({ order: null, ticker, side, price: price as Money, quantity, time });
    }
  }

  /** What an order could trade with, in the order in which it would. */
  #against(ticker: string, side: Side, limit: Money): Offer[] {
    const sign = side === "BUY" ? 1 : -1;
    return this.offers
      .filter((offer) => offer.ticker === ticker && offer.side !== side && reaches(side, limit, offer.price))
      .sort((one, other) => sign * (one.price - other.price) || (one.time < other.time ? -1 : 1));
  }

  #take(taker: Order | null, wanted: { ticker: string; side: Side; price: Money; quantity: number }): number {
    let left = wanted.quantity;
    for (const offer of this.#against(wanted.ticker, wanted.side, wanted.price)) {
      const quantity = Math.min(left, offer.quantity);
      if (quantity === 0) break;
      left -= quantity;
      offer.quantity -= quantity;
      this.#execute({ taker, maker: offer.order, price: offer.price, quantity });
    }
    this.offers = this.offers.filter(({ quantity }) => quantity > 0);
    return left;
  }

  #execute(trade: { taker: Order | null; maker: Order | null; price: Money; quantity: number }): void {
    this.#trades += 1;
    const { taker, maker, price, quantity } = trade;
    for (const [order, other] of [[taker, maker] as const, [maker, taker] as const]) {
      if (order === null) continue;
      order.cumQuantity += quantity;
      order.leavesQuantity -= quantity;
      order.status = order.leavesQuantity === 0 ? "FILLED" : "PARTIALLY_FILLED";
      this.#push(order, { status: order.status, reason: null }, [
        `${this.sequence}-${this.#trades}`,
        other?.orderId ?? null,
        price,
        quantity,
      ]);
    }
  }

  #end(order: Order, status: "EXPIRED" | "CANCELLED", reason?: string): void {
    this.offers = this.offers.filter((offer) => offer.order !== order);
    this.#tell(order, status, reason);
  }

  #tell(
    order: Order,
    status: "ACCEPTED" | "REJECTED" | "CANCELLED" | "EXPIRED" | "CANCEL_REJECTED",
    reason?: string,
  ) {
    if (status === "REJECTED" || status === "CANCELLED" || status === "EXPIRED") {
      order.status = status;
      order.leavesQuantity = 0;
    }
    this.#push(order, { status, reason: reason ?? null }, [null, null, null, null]);
  }

  #push(
    order: Order,
    what: Pick<Result, "status" | "reason">,
    trade: [string | null, string | null, Money | null, number | null],
  ): void {
    order.orderSeq += 1;
    const { orderSeq, cumQuantity, leavesQuantity } = order;
    const [executionId, counterOrderId, executedPrice, executedQuantity] = trade;
    this.#results.push({
      ...{ order, orderSeq, cumQuantity, leavesQuantity, ...what },
      ...{ executionId, counterOrderId, executedPrice, executedQuantity },
    });
  }

  /** The text of describeMarket. */
  describe(): string {
    const lines = [`sequence ${this.sequence}`];
    for (const ticker of this.settings.listings.map((listing) => listing.ticker).sort()) {
      const own: string[] = [];
      const reference = this.references.get(ticker);
      if (reference !== undefined) own.push(`reference ${reference}`);
      for (const side of ["BUY", "SELL"] as const) {
        const offers = this.#against(ticker, side === "BUY" ? "SELL" : "BUY", endless(side));
        for (const { order, price, quantity } of offers.filter((offer) => offer.order === null)) {
          own.push(`${side} quote ${price} ${quantity}${order === null ? "" : "?"}`);
        }
        for (const { order, price, quantity } of offers) {
          if (order !== null) own.push(`${side} ${price} ${order.sequence} ${restText(order, quantity)}`);
        }
      }
      if (own.length > 0) lines.push(ticker, ...own);
    }
    return lines.join("\n");
  }
}

function restText({ orderId, cumQuantity, orderSeq }: Order, quantity: number): string {
  return `${orderId} ${cumQuantity} ${quantity} ${orderSeq}`;
}

/** A limit that every price on `side` reaches. */
function endless(side: Side): Money {
  return (side === "BUY" ? 0 : Number.MAX_SAFE_INTEGER) as Money;
}

function reaches(side: Side, limit: Money, price: Money): boolean {
  return side === "BUY" ? price <= limit : price >= limit;
}

function newOrder(from: { orderId: string; sequence: number }, quantity: number, terms?: NewOrder): Order {
  const { orderId, sequence } = from;
  return {
    ...{ orderId, sequence, terms: terms ?? null },
    ...{ status: "PENDING", cumQuantity: 0, leavesQuantity: quantity, orderSeq: 0 },
  };
}
