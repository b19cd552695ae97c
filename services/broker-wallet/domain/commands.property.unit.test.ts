import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noMoney } from "../../../kit/money.js";
import { Book, baseTicker, settlementKey } from "./book.js";
import { type Command, execute } from "./commands.js";
import type { Entry } from "./post.js";
import { Refusal } from "./refusal.js";
import { cashMove, custodyMove, funding, orders, shuffleWithRepeats } from "./testing/random-life.js";

/** Everything that may happen, in an order that nobody chose. */
const lives = orders.chain((made) =>
  fc
    .tuple(
      fc.array(fc.oneof(cashMove, custodyMove), { maxLength: 6 }),
      fc.array(
        fc.constantFrom(
          ...made.map(({ reserve }) => ({ kind: "RELEASE", orderId: reserve.orderId }) as const),
        ),
        {
          maxLength: 3,
        },
      ),
    )
    .chain(([moves, releases]) =>
      shuffleWithRepeats<Command>([
        ...moves,
        ...releases,
        ...made.flatMap(({ reserve, news }) => [reserve, ...news]),
      ]),
    ),
);

/** The naive twin: only totals, of what was not refused, each execution once. */
class Totals {
  readonly cash = new Map<string, number>();
  readonly shares = new Map<string, number>();
  readonly #executions = new Set<string>();

  take(command: Command): void {
    if (command.kind === "DEPOSIT") this.#add(command.userId, command.amount);
    if (command.kind === "WITHDRAWAL") this.#add(command.userId, -command.amount);
    if (command.kind === "CUSTODY_IN") this.#addShares(command, command.quantity);
    if (command.kind === "CUSTODY_OUT") this.#addShares(command, -command.quantity);
    if (command.kind !== "NEWS" || command.execution === undefined) return;
    const { executionId, price, quantity } = command.execution;
    const key = settlementKey(command.orderId, executionId);
    if (this.#executions.has(key)) return;
    this.#executions.add(key);
    const sign = command.terms.side === "BUY" ? 1 : -1;
    this.#add(command.terms.userId, -sign * price * quantity);
    this.#addShares(command.terms, sign * quantity);
  }

  #add(userId: string, amount: number): void {
    this.cash.set(userId, (this.cash.get(userId) ?? 0) + amount);
  }

  #addShares({ userId, ticker }: { userId: string; ticker: string }, quantity: number): void {
    const key = `${userId} ${baseTicker(ticker)}`;
    this.shares.set(key, (this.shares.get(key) ?? 0) + quantity);
  }
}

function expectSound(book: Book, totals: Totals): void {
  const held = new Map<string, number>();
  for (const { terms, settled, released } of book.reservations.values()) {
    if (terms === undefined) continue;
    const open = terms.quantity - settled - released;
    expect(open).toBeGreaterThanOrEqual(0);
    const { userId, side, ticker, unitPrice } = terms;
    const key = side === "BUY" ? userId : `${userId} ${baseTicker(ticker)}`;
    held.set(key, (held.get(key) ?? 0) + (side === "BUY" ? open * unitPrice : open));
  }
  for (const { userId, available, blocked } of book.accounts.values()) {
    expect(Math.min(available, blocked)).toBeGreaterThanOrEqual(0);
    expect(blocked).toBe(held.get(userId) ?? 0);
    expect(available + blocked).toBe(totals.cash.get(userId) ?? 0);
  }
  for (const { userId, ticker, available, blocked, totalCost } of book.positions.values()) {
    expect(Math.min(available, blocked, totalCost)).toBeGreaterThanOrEqual(0);
    expect(blocked).toBe(held.get(`${userId} ${ticker}`) ?? 0);
    expect(available + blocked).toBe(totals.shares.get(`${userId} ${ticker}`) ?? 0);
    if (available + blocked === 0) expect(totalCost).toBe(0);
  }
}

describe("any stream of moves, orders, executions and calls off", () => {
  it("keeps cash and shares, holds exactly what is open, and nothing gets negative", () => {
    fc.assert(
      fc.property(lives, (commands) => {
        const book = new Book();
        const totals = new Totals();
        for (const command of [...funding, ...commands]) {
          if (!(execute(book, command) instanceof Refusal)) totals.take(command);
          expectSound(book, totals);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("leaves a refused command without a trace", () => {
    fc.assert(
      fc.property(lives, (commands) => {
        const [book, without] = [new Book(), new Book()];
        for (const command of [...funding, ...commands]) {
          if (!(execute(book, command) instanceof Refusal)) execute(without, command);
        }
        expect(describeBook(without)).toEqual(describeBook(book));
      }),
    );
  });

  it("writes entries without gaps, from which the balances follow", () => {
    fc.assert(
      fc.property(lives, (commands) => {
        const book = new Book();
        const entries: Entry[] = [];
        for (const command of [...funding, ...commands]) {
          const done = execute(book, command);
          if (!(done instanceof Refusal)) entries.push(...done.entries);
        }
        for (const account of book.accounts.values()) {
          const own = entries.filter(({ userId }) => userId === account.userId);
          expect(own.map(({ sequence }) => sequence)).toEqual(own.map((_, index) => index + 1));
          expect(own.at(-1)).toMatchObject({
            balanceAfter: account.available,
            blockedBalanceAfter: account.blocked,
            sequence: account.sequence,
          });
          const moved = own.filter(({ type }) => ["DEPOSIT", "WITHDRAWAL", "SETTLEMENT"].includes(type));
          const sum = (some: readonly Entry[]) => some.reduce((total, { amount }) => total + amount, 0);
          expect(sum(moved)).toBe(account.available + account.blocked);
          const purchase = ({ type, quantity }: Entry) => type === "SETTLEMENT" && (quantity ?? 0) > 0;
          expect(sum(own.filter((entry) => !purchase(entry)))).toBe(account.available);
        }
        const settled = entries.filter(({ type }) => type === "SETTLEMENT");
        const keys = settled.map(({ orderId, executionId }) => `${orderId} ${executionId}`);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });
});

/** Without costs: an average of purchases and sales depends on their order, by its nature. */
function describeBook(book: Book) {
  const byKey = <T extends object>(values: T[], key: (value: T) => string) =>
    Object.fromEntries(values.map((value) => [key(value), value]));
  return {
    accounts: byKey(book.accounts.values(), ({ userId }) => userId),
    positions: byKey(
      book.positions.values().map((position) => ({ ...position, totalCost: noMoney })),
      ({ userId, ticker }) => `${userId} ${ticker}`,
    ),
    reservations: byKey(book.reservations.values(), ({ orderId }) => orderId),
    settled: [...book.settled].sort(),
  };
}

describe("events of orders that are held", () => {
  const arrivals = orders.chain((made) =>
    fc.tuple(fc.constant(made), shuffleWithRepeats(made.flatMap(({ news }) => news))),
  );

  it("end in the same state in whatever order and however often they come", () => {
    fc.assert(
      fc.property(arrivals, ([made, arriving]) => {
        const begin = () => {
          const book = new Book();
          for (const command of funding) execute(book, command);
          const held = made.filter(({ reserve }) => !(execute(book, reserve) instanceof Refusal));
          return {
            book,
            isHeld: ({ orderId }: { orderId: string }) =>
              held.some(({ reserve }) => reserve.orderId === orderId),
          };
        };
        const [straight, shuffled] = [begin(), begin()];
        for (const news of made.flatMap((order) => order.news).filter(straight.isHeld)) {
          expect(execute(straight.book, news)).not.toBeInstanceOf(Refusal);
        }
        for (const news of arriving.filter(shuffled.isHeld)) {
          expect(execute(shuffled.book, news)).not.toBeInstanceOf(Refusal);
        }
        expect(describeBook(shuffled.book)).toEqual(describeBook(straight.book));
        for (const { news, reserve } of made.filter(({ reserve }) => straight.isHeld(reserve))) {
          if (news.at(-1)?.executedInAll === undefined) continue;
          const { state, settled, released } = straight.book.reservations.get(reserve.orderId) ?? {};
          expect({ state, open: reserve.terms.quantity - (settled ?? 0) - (released ?? 0) }).toEqual({
            state: "RELEASED",
            open: 0,
          });
        }
      }),
      { numRuns: 300 },
    );
  });
});
