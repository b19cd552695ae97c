import type { Command, Order, Result, SetPrices, Terms } from "../domain/commands.js";
import type { Market } from "../domain/market.js";
import type { OrderBook } from "../domain/order-book.js";
import type { Answer, Batch, BookState, Told } from "./ports.js";

/** What somebody wants of the engine; it makes a command of it, or answers it with what is stored. */
export type Wish =
  | (Traced & { readonly kind: "NEW"; readonly orderId: string; readonly terms: Omit<Terms, "sessionDate"> })
  | (Traced & { readonly kind: "CANCEL"; readonly orderId: string })
  | (Traced & { readonly kind: "REFUSE"; readonly orderId: string })
  | (Traced & { readonly kind: "PRICE"; readonly prices: SetPrices["prices"] });

interface Traced {
  /** Of the message that brought it; its answers carry it on. */
  readonly traceparent?: string;
}

type Bare<T> = T extends Command ? Omit<T, "sequence" | "at"> : never;

/** One batch on its way through the market. */
export class BatchWork {
  readonly market: Market;
  readonly commands: Command[] = [];
  readonly results: Told[] = [];
  /** All results of the orders that the batch is about, the batch's own among them. */
  readonly #known: Map<string, Told[]>;
  readonly #at: number;
  readonly #answers: Answer[] = [];
  readonly #orders = new Set<Order>();
  readonly #books = new Set<OrderBook>();

  constructor(market: Market, known: Map<string, Told[]>, at: number) {
    this.market = market;
    this.#known = known;
    this.#at = at;
  }

  get isEmpty(): boolean {
    return this.commands.length === 0 && this.#answers.length === 0;
  }

  do(wish: Wish, sessionDate: string | null): void {
    const command = this.#decide(wish, sessionDate);
    if (command !== undefined) this.apply(command, wish.traceparent);
    else if (wish.kind !== "PRICE") this.#repeat(wish.orderId, wish.traceparent);
  }

  /** undefined: the wish has its answer already. */
  #decide(wish: Wish, sessionDate: string | null): Bare<Command> | undefined {
    if (wish.kind === "PRICE") return this.#setPrices(wish.prices);
    const { orderId } = wish;
    const known = this.#known.get(orderId);
    if (known === undefined) this.#known.set(orderId, []);
    if (wish.kind === "CANCEL") {
      const last = known?.at(-1);
      if (last?.status === "CANCELLED" || last?.status === "CANCEL_REJECTED") return undefined;
      const past = last === undefined || this.market.resting.has(orderId) ? null : last;
      return { kind: "CANCEL", orderId, past };
    }
    if (known !== undefined) return undefined;
    if (wish.kind === "REFUSE") return { kind: "REFUSE", orderId };
    return { kind: "NEW", orderId, ...wish.terms, sessionDate };
  }

  /** Only prices that are others than before: each would give the provider a new quote. */
  #setPrices(all: SetPrices["prices"]): Bare<SetPrices> | undefined {
    const prices = all.filter(([ticker, price]) => this.market.books.get(ticker)?.reference !== price);
    return prices.length === 0 ? undefined : { kind: "PRICE", prices };
  }

  apply(bare: Bare<Command>, traceparent?: string): void {
    const command = { ...bare, sequence: this.market.sequence + 1, at: this.#at } as Command;
    this.commands.push(command);
    for (const result of this.market.apply(command)) this.#keep(result, traceparent);
    if (command.kind !== "PRICE") return;
    const bases = new Set(command.prices.map(([ticker]) => ticker));
    for (const book of this.market.books.values()) {
      if (bases.has(book.listing.baseTicker)) this.#books.add(book);
    }
  }

  toBatch(): Batch {
    const { commands, results } = this;
    const books = [...this.#books].map(toBookState);
    return { commands, orders: [...this.#orders], results, books, answers: this.#answers };
  }

  #keep({ order, ...result }: Result, traceparent: string | undefined): void {
    const { orderId, terms } = order;
    const told: Told = { ...result, orderId, sequence: this.market.sequence, at: this.#at };
    this.results.push(told);
    this.#known.get(orderId)?.push(told);
    this.#answers.push({ told, traceparent });
    // Of an order that is final the stored row has more than the market knows.
    if (told.status !== "CANCEL_REJECTED") this.#orders.add(order);
    if (told.executionId === null || told.counterOrderId !== null || terms === null) return;
    const book = this.market.books.get(terms.ticker);
    if (book !== undefined) this.#books.add(book);
  }

  #repeat(orderId: string, traceparent: string | undefined): void {
    for (const told of this.#known.get(orderId) ?? []) this.#answers.push({ told, traceparent });
  }
}

function toBookState({ listing, reference, quotes }: OrderBook): BookState {
  return {
    ticker: listing.ticker,
    reference,
    bid: quotes.BUY?.price ?? null,
    bidQuantity: quotes.BUY?.quantity ?? 0,
    ask: quotes.SELL?.price ?? null,
    askQuantity: quotes.SELL?.quantity ?? 0,
  };
}
