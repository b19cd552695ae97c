import type { Market } from "./market.js";
import type { OrderBook } from "./order-book.js";
import type { PriceLadder } from "./price-ladder.js";
import type { Quote } from "./provider.js";

/**
 * All that decides what a market does next, as text: two markets with the same text answer every command alike. Its
 * hash is the state hash.
 */
export function describeMarket(market: Market): string {
  const books = [...market.books.keys()].sort().flatMap((ticker) => {
    const lines = describeBook(market.books.get(ticker) as OrderBook);
    return lines.length === 0 ? [] : [ticker, ...lines];
  });
  return [`sequence ${market.sequence}`, ...books].join("\n");
}

function describeBook({ reference, quotes, ladders }: OrderBook): string[] {
  const lines = (["BUY", "SELL"] as const).flatMap((side) => [
    ...describeQuote(side, quotes[side]),
    ...describeLadder(side, ladders[side]),
  ]);
  return reference === null ? lines : [`reference ${reference}`, ...lines];
}

function describeQuote(side: string, quote: Quote | null): string[] {
  return quote === null ? [] : [`${side} quote ${quote.price} ${quote.quantity}`];
}

function describeLadder(side: string, ladder: PriceLadder): string[] {
  const lines: string[] = [];
  for (const { price, first } of ladder.levels()) {
    for (let resting = first; resting !== null; resting = resting.after) {
      const { orderId, sequence, cumQuantity, leavesQuantity, orderSeq } = resting.order;
      lines.push(`${side} ${price} ${sequence} ${orderId} ${cumQuantity} ${leavesQuantity} ${orderSeq}`);
    }
  }
  return lines;
}
