import type { ResultStatus, Side } from "../../../contracts/fields.js";
import type { Money } from "../../../kit/money.js";
import { findRefusal, type Listing } from "./check-order.js";
import type {
  CancelOrder,
  Command,
  EndSession,
  NewOrder,
  Order,
  Result,
  SetPrices,
  Terms,
} from "./commands.js";
import { OrderBook } from "./order-book.js";
import type { Resting } from "./price-ladder.js";
import { quotePrices } from "./provider.js";

export interface MarketSettings {
  readonly listings: readonly Listing[];
  /** reference: an order trades whole at the reference price or is rejected. */
  readonly mode: "book" | "reference";
  /** Shares that the liquidity provider offers a side; 0: there is none. */
  readonly providerSize: number;
}

interface Trade {
  readonly executionId: string;
  readonly counterOrderId: string | null;
  readonly price: Money;
  readonly quantity: number;
}

/**
 * Every book of the exchange. Time, prices and orders come as commands only, so the same commands make the same results
 * and the same state. It knows no users: two orders of one user trade with each other as any two do.
 */
export class Market {
  readonly books = new Map<string, OrderBook>();
  /** By orderId, in the order in which they came. */
  readonly resting = new Map<string, Resting>();
  /** Of the last command. */
  sequence = 0;
  readonly #settings: MarketSettings;
  #results: Result[] = [];
  #executions = 0;

  constructor(settings: MarketSettings) {
    this.#settings = settings;
    for (const listing of settings.listings) this.books.set(listing.ticker, new OrderBook(listing));
  }

  /** Results in the order in which they happen; of a trade the taker's first. */
  apply(command: Command): Result[] {
    this.#results = [];
    this.#executions = 0;
    this.sequence = command.sequence;
    switch (command.kind) {
      case "NEW":
        this.#place(command);
        break;
      case "CANCEL":
        this.#cancel(command);
        break;
      case "REFUSE":
        this.#tell(this.#makeOrder(command, null), "REJECTED", "ENGINE_REFUSED");
        break;
      case "PRICE":
        this.#setPrices(command);
        break;
      case "SESSION_END":
        this.#endSession(command);
        break;
    }
    return this.#results;
  }

  /** Puts back an order that rested when the market was last seen; in the order of their sequence. */
  restore(order: Order, terms: Terms): void {
    const book = this.books.get(terms.ticker);
    if (book === undefined || terms.price === null) {
      throw new RangeError(`${order.orderId} rests at ${terms.ticker}, which is not listed`);
    }
    this.#rest(book, order, { side: terms.side, price: terms.price });
  }

  #makeOrder({ orderId, sequence }: { orderId: string; sequence: number }, terms: Terms | null): Order {
    const leavesQuantity = terms?.quantity ?? 0;
    return { orderId, sequence, terms, status: "PENDING", cumQuantity: 0, leavesQuantity, orderSeq: 0 };
  }

  #place(command: NewOrder): void {
    const order = this.#makeOrder(command, command);
    const book = this.books.get(command.ticker);
    const refusal = findRefusal(command, book?.listing);
    const terms = command as NewOrder & { readonly price: Money };
    if (refusal !== undefined || book === undefined) this.#tell(order, "REJECTED", refusal);
    else if (this.#settings.mode === "reference") this.#tradeAtReference(order, terms, book.reference);
    else this.#match(book, order, terms);
  }

  #tradeAtReference(order: Order, terms: Terms & { price: Money }, reference: Money | null): void {
    const { side, price, quantity } = terms;
    if (reference === null) {
      this.#tell(order, "REJECTED", "NO_PRICE");
    } else if (side === "BUY" ? reference > price : reference < price) {
      this.#tell(order, "REJECTED", "PRICE_NOT_REACHED");
    } else {
      this.#tell(order, "ACCEPTED");
      this.#trade(order, null, reference, quantity);
    }
  }

  #match(book: OrderBook, order: Order, terms: Terms & { price: Money }): void {
    const { side, type, timeInForce, price, quantity } = terms;
    this.#tell(order, "ACCEPTED");
    if (timeInForce !== "FOK" || book.canTake(side, price, quantity)) {
      book.take(side, { limit: price, quantity }, (maker, at, traded) =>
        this.#trade(order, maker, at, traded),
      );
    }
    if (order.leavesQuantity === 0) return;
    if (timeInForce === "DAY" && type === "LIMIT") this.#rest(book, order, terms);
    else this.#tell(order, "CANCELLED", "NO_LIQUIDITY");
  }

  #rest(book: OrderBook, order: Order, place: { readonly side: Side; readonly price: Money }): void {
    this.resting.set(order.orderId, book.rest(order, place));
  }

  #cancel({ orderId, sequence, past }: CancelOrder): void {
    const resting = this.resting.get(orderId);
    if (resting !== undefined) {
      this.#takeOut(resting);
      this.#tell(resting.order, "CANCELLED");
    } else if (past === null) {
      this.#tell(this.#makeOrder({ orderId, sequence }, null), "CANCELLED", "UNKNOWN_ORDER");
    } else {
      const order = this.#makeOrder({ orderId, sequence }, null);
      order.orderSeq = past.orderSeq;
      order.cumQuantity = past.cumQuantity;
      this.#tell(order, "CANCEL_REJECTED", "TOO_LATE");
    }
  }

  #endSession({ date }: EndSession): void {
    for (const resting of this.resting.values()) {
      if ((resting.order.terms?.sessionDate ?? "") > date) continue;
      this.#takeOut(resting);
      this.#tell(resting.order, "EXPIRED", "SESSION_END");
    }
  }

  #takeOut(resting: Resting): void {
    const { ticker, side } = resting.order.terms as Terms;
    this.books.get(ticker)?.remove(side, resting);
    this.resting.delete(resting.order.orderId);
  }

  #setPrices({ prices }: SetPrices): void {
    for (const [baseTicker, price] of prices) {
      for (const ticker of [baseTicker, `${baseTicker}F`]) {
        const book = this.books.get(ticker);
        if (book?.listing.baseTicker === baseTicker) this.#setPrice(book, price);
      }
    }
  }

  #setPrice(book: OrderBook, reference: Money): void {
    book.reference = reference;
    book.quotes.BUY = null;
    book.quotes.SELL = null;
    if (this.#settings.providerSize === 0 || this.#settings.mode === "reference") return;
    const { bid, ask } = quotePrices(reference, book.listing.tick);
    if (bid !== undefined) this.#quote(book, "BUY", bid);
    if (ask !== undefined) this.#quote(book, "SELL", ask);
  }

  /** A quote that crosses takes what rests there, at its price; what is left of it stays. */
  #quote(book: OrderBook, side: Side, price: Money): void {
    const wanted = { limit: price, quantity: this.#settings.providerSize };
    const quantity = book.take(side, wanted, (maker, at, traded) => this.#trade(null, maker, at, traded));
    if (quantity > 0) book.quotes[side] = { price, quantity };
  }

  #trade(taker: Order | null, maker: Order | null, price: Money, quantity: number): void {
    const executionId = this.#nextExecution();
    const counter = (other: Order | null) => (other === null ? null : other.orderId);
    if (taker !== null) this.#fill(taker, { executionId, counterOrderId: counter(maker), price, quantity });
    if (maker === null) return;
    this.#fill(maker, { executionId, counterOrderId: counter(taker), price, quantity });
    if (maker.leavesQuantity === 0) this.resting.delete(maker.orderId);
  }

  #nextExecution(): string {
    this.#executions += 1;
    return `${this.sequence}-${this.#executions}`;
  }

  #fill(order: Order, { executionId, counterOrderId, price, quantity }: Trade): void {
    order.cumQuantity += quantity;
    order.leavesQuantity -= quantity;
    order.orderSeq += 1;
    order.status = order.leavesQuantity === 0 ? "FILLED" : "PARTIALLY_FILLED";
    this.#results.push({
      order,
      orderSeq: order.orderSeq,
      status: order.status,
      reason: null,
      executionId,
      counterOrderId,
      executedPrice: price,
      executedQuantity: quantity,
      cumQuantity: order.cumQuantity,
      leavesQuantity: order.leavesQuantity,
    });
  }

  #tell(order: Order, status: Exclude<ResultStatus, "PARTIALLY_FILLED" | "FILLED">, reason?: string): void {
    order.orderSeq += 1;
    if (status !== "ACCEPTED" && status !== "CANCEL_REJECTED") {
      order.status = status;
      order.leavesQuantity = 0;
    }
    this.#results.push({
      order,
      orderSeq: order.orderSeq,
      status,
      reason: reason ?? null,
      executionId: null,
      counterOrderId: null,
      executedPrice: null,
      executedQuantity: null,
      cumQuantity: order.cumQuantity,
      leavesQuantity: order.leavesQuantity,
    });
  }
}
