import { assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { amountLimit, toMoney } from "../../../kit/money.js";
import { Book } from "./book.js";
import { execute } from "./commands.js";
import { averagePrice, costOf } from "./post.js";

const position = (available: number, totalCost: number, blocked = 0) => ({
  ...{ userId: "ana", ticker: "PETR4", available, blocked, totalCost: toMoney(totalCost) },
});

describe("the cost of a position", () => {
  it.each([
    [position(3, 100), 1, 33],
    [position(2, 67), 1, 33],
    [position(1, 34), 1, 34],
    [position(1, 100, 2), 3, 100],
    [position(10, 0), 5, 0],
    [position(10_000_000, amountLimit), 9_999_999, 999_999_899_999_999],
  ])("leaves %o with %i of its shares as %i", (from, quantity, cost) => {
    expect(costOf(from, quantity)).toBe(cost);
  });

  it("goes with the shares to the last 1/10000, however they are sold", () => {
    const quantities = integer({ min: 1, max: 50 });
    assert(
      property(
        integer({ min: 1, max: 300 }),
        integer({ min: 0, max: amountLimit }),
        quantities,
        (held, cost, step) => {
          let left = position(held, cost);
          while (left.available > 0) {
            const quantity = Math.min(step, left.available);
            const taken = costOf(left, quantity);
            // Never more than its share, and less by under 1/10000 each time.
            expect(BigInt(taken) * BigInt(left.available)).toBeLessThanOrEqual(
              BigInt(left.totalCost) * BigInt(quantity),
            );
            left = position(left.available - quantity, left.totalCost - taken);
          }
          expect(left.totalCost).toBe(0);
        },
      ),
    );
  });

  it("has an average rounded half up, and none without shares", () => {
    expect(averagePrice(position(2, 3))).toBe(2);
    expect(averagePrice(position(3, 100))).toBe(33);
    expect(averagePrice(position(0, 0))).toBeNull();
  });
});

describe("an account", () => {
  it("takes nothing that would lead beyond the limit of amounts", () => {
    const book = new Book();
    const deposit = (amount: number) =>
      execute(book, { kind: "DEPOSIT", userId: "ana", amount: toMoney(amount) });
    expect(deposit(amountLimit)).toMatchObject({ entries: [{ balanceAfter: amountLimit }] });
    expect(deposit(1)).toMatchObject({ code: "AMOUNT_LIMIT" });
    const terms = {
      userId: "ana",
      ticker: "PETR4",
      side: "BUY",
      quantity: 1,
      unitPrice: toMoney(5),
    } as const;
    execute(book, { kind: "RESERVE", orderId: "o1", terms });
    // What is held counts as well.
    expect(deposit(1)).toMatchObject({ code: "AMOUNT_LIMIT" });
  });
});
