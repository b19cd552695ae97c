import { assert, bigInt, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addMoney,
  amountLimit,
  formatDecimal,
  formatMoney,
  type Money,
  MoneyError,
  multiplyMoney,
  noMoney,
  parseMoney,
  priceLimit,
  quantityLimit,
  subtractMoney,
  toMoney,
  toPayload,
} from "./money.js";

const amounts = integer({ min: -amountLimit, max: amountLimit }).map(toMoney);

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(MoneyError);
    return (error as MoneyError).code;
  }
}

describe("money", () => {
  it("survives a payload as JSON prints and reads it", () => {
    assert(
      property(amounts, (amount) => {
        const text = JSON.stringify({ amount: toPayload(amount) });
        expect(text).toMatch(/^\{"amount":-?\d+(\.\d{1,4})?\}$/);
        expect(parseMoney(JSON.parse(text).amount)).toBe(amount);
      }),
    );
  });

  it("survives DECIMAL(19,4)", () => {
    assert(
      property(amounts, (amount) => {
        const text = formatDecimal(amount);
        expect(text).toMatch(/^-?\d{1,11}\.\d{4}$/);
        expect(parseMoney(text)).toBe(amount);
      }),
    );
  });

  it.each([
    [38.5, 385_000],
    ["38.50", 385_000],
    ["38.500000", 385_000],
    [0.0001, 1],
    [-0.0001, -1],
    [-0, 0],
    ["-0", 0],
    [1e-4, 1],
    [99_999_999_999.9999, 999_999_999_999_999],
  ])("reads %j", (value, expected) => {
    expect(parseMoney(value)).toBe(expected);
  });

  it.each([
    [0.00001],
    [1e-7],
    ["1.00001"],
    [0.1 + 0.2],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [""],
    ["1,5"],
    [".5"],
    ["5."],
    ["+1"],
    [" 1"],
    ["1e3"],
    ["0x10"],
    [null],
    [undefined],
    [true],
    [{}],
    [10n],
  ])("refuses %s and never rounds", (value) => {
    expect(codeOf(() => parseMoney(value))).toBe("AMOUNT_INVALID");
  });

  it.each([[100_000_000_000], ["100000000000.0000"], [-100_000_000_000], [1e21], [Number.MAX_VALUE]])(
    "refuses %s as beyond the limit",
    (value) => {
      expect(codeOf(() => parseMoney(value))).toBe("AMOUNT_LIMIT");
    },
  );

  it("adds and subtracts as integers do, or refuses", () => {
    assert(
      property(amounts, amounts, (left, right) => {
        const sum = BigInt(left) + BigInt(right);
        if (sum > amountLimit || sum < -amountLimit) {
          expect(codeOf(() => addMoney(left, right))).toBe("AMOUNT_LIMIT");
        } else {
          expect(BigInt(addMoney(left, right))).toBe(sum);
          expect(subtractMoney(addMoney(left, right), right)).toBe(left);
        }
      }),
    );
    expect(addMoney()).toBe(noMoney);
  });

  it("multiplies exactly at any size, or refuses", () => {
    const prices = integer({ min: 0, max: priceLimit }).map(toMoney);
    assert(
      property(prices, integer({ min: 0, max: quantityLimit }), (price, quantity) => {
        const product = BigInt(price) * BigInt(quantity);
        if (product > amountLimit) {
          expect(codeOf(() => multiplyMoney(price, quantity))).toBe("AMOUNT_LIMIT");
        } else {
          expect(BigInt(multiplyMoney(price, quantity))).toBe(product);
        }
      }),
    );
    expect(() => multiplyMoney(priceLimit, 1.5)).toThrow(RangeError);
  });

  it("is a whole count within the limit", () => {
    assert(
      property(bigInt(), (count) => {
        const size = count < 0n ? -count : count;
        if (size > BigInt(amountLimit)) expect(codeOf(() => toMoney(count))).toBe("AMOUNT_LIMIT");
        else expect(BigInt(toMoney(count))).toBe(count);
      }),
    );
    expect(codeOf(() => toMoney(0.5))).toBe("AMOUNT_INVALID");
  });

  it.each([
    [385_000, "R$ 38.50"],
    [0, "R$ 0.00"],
    [1, "R$ 0.0001"],
    [1_250, "R$ 0.125"],
    [-12_345_678_900, "-R$ 1,234,567.89"],
    [amountLimit, "R$ 99,999,999,999.9999"],
  ])("shows %d as %s", (count, text) => {
    expect(formatMoney(count as Money)).toBe(text);
  });
});
