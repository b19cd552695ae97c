import fc from "fast-check";
import type { Money } from "../../../../kit/money.js";
import type { Listing } from "../check-order.js";
import type { Command, Result } from "../commands.js";
import type { MarketSettings } from "../market.js";

const tick = 100 as Money;

/** A share, its odd-lot book, and a fund. */
export const testListings: readonly Listing[] = [
  { ticker: "PETR4", baseTicker: "PETR4", tick, lotSize: 100, maxQuantity: 10_000_000 },
  { ticker: "PETR4F", baseTicker: "PETR4", tick, lotSize: 1, maxQuantity: 99 },
  { ticker: "MXRF11", baseTicker: "MXRF11", tick, lotSize: 1, maxQuantity: 10_000_000 },
];

/** Few prices and few orders, so that they meet. */
const price = fc.integer({ min: 995, max: 1_005 }).map((ticks) => (ticks * tick) as Money);
const order = fc.record({
  kind: fc.constant("NEW" as const),
  ticker: fc.constantFrom("PETR4", "PETR4", "PETR4F", "MXRF11", "XXXX3"),
  side: fc.constantFrom("BUY" as const, "SELL" as const),
  type: fc.constantFrom("LIMIT" as const, "LIMIT" as const, "MARKET" as const),
  timeInForce: fc.constantFrom(
    "DAY" as const,
    "DAY" as const,
    "DAY" as const,
    "IOC" as const,
    "FOK" as const,
  ),
  price: fc.oneof(
    { weight: 20, arbitrary: price },
    { weight: 1, arbitrary: fc.constantFrom(null, 1 as Money) },
  ),
  lots: fc.integer({ min: 1, max: 9 }),
  session: fc.integer({ min: 1, max: 9 }),
});
const change = fc.oneof(
  { weight: 12, arbitrary: order },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("CANCEL" as const), back: fc.integer({ min: 0, max: 40 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("PRICE" as const),
      ticker: fc.constantFrom("PETR4", "MXRF11", "XXXX3"),
      // Between ticks too, as a foreign source may have it.
      price: fc.integer({ min: 99_000, max: 101_000 }).map((value) => value as Money),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom({ kind: "SESSION_END" as const }, { kind: "REFUSE" as const }),
  },
);

export const changes = fc.array(change, { maxLength: 150, size: "max" });
type Change = typeof changes extends fc.Arbitrary<(infer T)[]> ? T : never;

export const marketSettings: fc.Arbitrary<MarketSettings> = fc.record({
  listings: fc.constant(testListings),
  mode: fc.constantFrom("book" as const, "book" as const, "book" as const, "reference" as const),
  providerSize: fc.constantFrom(0, 50, 300, 1_000),
});

/** Makes commands of changes, as the engine does: a CANCEL of a final order is told its last result. */
export function* sequenceCommands(
  list: readonly Change[],
  seen: Map<string, Result>,
  isResting: (orderId: string) => boolean,
): Generator<Command> {
  for (const [index, item] of list.entries()) {
    const sequenced = { sequence: index + 1, at: index };
    const orderId = `order-${index}`;
    if (item.kind === "NEW") {
      const { lots, session, ticker, ...terms } = item;
      const quantity = ticker === "PETR4" ? lots * 100 : lots * 10;
      const sessionDate = session === 9 ? null : `2026-11-${20 + (session % 3)}`;
      yield { ...sequenced, ...terms, orderId, ticker, quantity, sessionDate };
    } else if (item.kind === "CANCEL") {
      const cancelled = `order-${index - item.back}`;
      const last = isResting(cancelled) ? undefined : seen.get(cancelled);
      const past = last === undefined ? null : { orderSeq: last.orderSeq, cumQuantity: last.cumQuantity };
      yield { ...sequenced, kind: "CANCEL", orderId: cancelled, past };
    } else if (item.kind === "PRICE") {
      yield { ...sequenced, kind: "PRICE", prices: [[item.ticker, item.price]] };
    } else if (item.kind === "SESSION_END") {
      yield { ...sequenced, kind: "SESSION_END", date: "2026-11-21" };
    } else yield { ...sequenced, kind: "REFUSE", orderId };
  }
}
