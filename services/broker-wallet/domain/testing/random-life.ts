import fc from "fast-check";
import { toMoney } from "../../../../kit/money.js";
import type { Terms } from "../book.js";
import type { CashMove, Command, CustodyMove, OrderNews, Reserve } from "../commands.js";

/** One order and all that the exchange does to it. */
export interface RandomOrder {
  readonly reserve: Reserve;
  /** In the order in which they happen; the last may be final. */
  readonly news: readonly OrderNews[];
}

const users = ["ana", "bia"];
const tickers = ["PETR4", "VALE3"];
const user = fc.constantFrom(...users);
const ticker = fc.constantFrom(...tickers);

export const cashMove: fc.Arbitrary<CashMove> = fc.record({
  kind: fc.constantFrom("DEPOSIT", "DEPOSIT", "WITHDRAWAL"),
  userId: user,
  amount: fc.integer({ min: 1, max: 20_000_000 }).map(toMoney),
});

export const custodyMove: fc.Arbitrary<CustodyMove> = fc.record({
  kind: fc.constantFrom("CUSTODY_IN", "CUSTODY_IN", "CUSTODY_OUT"),
  userId: user,
  ticker,
  quantity: fc.integer({ min: 1, max: 200 }),
  cost: fc.integer({ min: 0, max: 9_999_999 }).map(toMoney),
});

/** What gives both users enough for some orders and not for all. */
export const funding: Command[] = users.flatMap((userId) => [
  { kind: "DEPOSIT", userId, amount: toMoney(60_000_000) } as const,
  ...tickers.map(
    (name) =>
      ({ ...{ userId, ticker: name }, kind: "CUSTODY_IN", quantity: 300, cost: toMoney(77_777) }) as const,
  ),
]);

/** With ids of their places, so that no two orders share one. */
export const orders: fc.Arbitrary<RandomOrder[]> = fc
  .array(
    fc.record({
      userId: user,
      ticker: fc.constantFrom(...tickers, "PETR4F"),
      side: fc.constantFrom("BUY", "SELL"),
      quantity: fc.integer({ min: 1, max: 90 }),
      unitPrice: fc.integer({ min: 500, max: 400_000 }).map(toMoney),
      fills: fc.array(
        fc.record({ quantity: fc.integer({ min: 1, max: 60 }), better: fc.integer({ min: 0, max: 499 }) }),
        {
          maxLength: 5,
        },
      ),
      ends: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((made) =>
    made.map(({ fills, ends, ...terms }, index) => makeOrder(`order-${index}`, terms, { fills, ends })),
  );

interface Life {
  readonly fills: readonly { readonly quantity: number; readonly better: number }[];
  readonly ends: boolean;
}

function makeOrder(orderId: string, terms: Terms, { fills, ends }: Life): RandomOrder {
  const { unitPrice, ...identity } = terms;
  const news: OrderNews[] = [];
  let executed = 0;
  for (const [index, { quantity, better }] of fills.entries()) {
    const taken = Math.min(quantity, terms.quantity - executed);
    if (taken === 0) break;
    executed += taken;
    const price = toMoney(terms.side === "BUY" ? unitPrice - better : unitPrice + better);
    const filled = executed === terms.quantity ? { executedInAll: executed } : {};
    const execution = { executionId: `${orderId}-${index}`, price, quantity: taken };
    news.push({ kind: "NEWS", orderId, terms: identity, execution, ...filled });
  }
  if (ends && executed < terms.quantity)
    news.push({ kind: "NEWS", orderId, terms: identity, executedInAll: executed });
  return { reserve: { kind: "RESERVE", orderId, terms }, news };
}

/** Some of them twice or thrice, in any order. */
export function shuffleWithRepeats<T>(items: readonly T[]): fc.Arbitrary<T[]> {
  const repeated = fc.array(fc.integer({ min: 0, max: Math.max(0, items.length - 1) }), { maxLength: 10 });
  return repeated.chain((again) => {
    const all = items.length === 0 ? [] : [...items, ...again.map((index) => items[index] as T)];
    return fc.shuffledSubarray(all, { minLength: all.length });
  });
}
