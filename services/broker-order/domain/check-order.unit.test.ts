import { assert, constantFrom, integer, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlaceOrderBody } from "../../../contracts/rest.js";
import { MoneyError, priceLimit, toMoney } from "../../../kit/money.js";
import { checkWish, protectionPrice, Refusal, readWish } from "./check-order.js";

const body: PlaceOrderBody = { ticker: "PETR4", side: "BUY", quantity: 100, price: 38.5 };
const share = { status: "ACTIVE", lotSize: 100, tick: 0.01 } as const;
const oddLot = { ...share, lotSize: 1 };

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return `${error.code} ${error.field}`;
    throw error;
  }
  return "taken";
}

describe("readWish", () => {
  it.each([
    [{}, "LIMIT", "DAY"],
    [{ type: "LIMIT", timeInForce: "FOK" }, "LIMIT", "FOK"],
    [{ price: null }, "MARKET", "IOC"],
    [{ price: null, type: "MARKET", timeInForce: "DAY" }, "MARKET", "IOC"],
    [{ price: null, timeInForce: "FOK" }, "MARKET", "FOK"],
  ] as const)("takes %j as %s %s", (fields, type, timeInForce) => {
    expect(readWish({ ...body, ...fields })).toMatchObject({ type, timeInForce });
  });

  it.each([
    [{ price: null, type: "LIMIT" }, "PRICE_MISSING price"],
    [{ type: "MARKET" }, "PRICE_REFUSED price"],
    [{ price: 38.50001 }, "AMOUNT_INVALID price"],
  ] as const)("refuses %j with %s", (fields, code) => {
    expect(codeOf(() => readWish({ ...body, ...fields }))).toBe(code);
  });
});

describe("checkWish", () => {
  it.each([
    ["a whole lot", body, share, "taken"],
    [
      "an inactive ticker first",
      { ...body, quantity: 1 },
      { ...share, status: "INACTIVE" },
      "INACTIVE_TICKER ticker",
    ],
    ["a part of a lot", { ...body, quantity: 150 }, share, "ODD_LOT quantity"],
    ["99 shares in the odd-lot book", { ...body, ticker: "PETR4F", quantity: 99 }, oddLot, "taken"],
    ["a lot in the odd-lot book", { ...body, ticker: "PETR4F" }, oddLot, "ODD_LOT quantity"],
    ["a price off its tick", { ...body, price: 38.505 }, share, "OFF_TICK price"],
    [
      "an amount beyond the limit",
      { ...body, price: 1_000_000, quantity: 10_000_000 },
      share,
      "AMOUNT_LIMIT quantity",
    ],
    [
      "a fund's single unit",
      { ...body, ticker: "MXRF11", quantity: 1, price: 10.07 },
      { ...share, lotSize: 1 },
      "taken",
    ],
  ] as const)("%s", (_name, wish, asset, code) => {
    expect(codeOf(() => checkWish(readWish(wish), asset, "book"))).toBe(code);
  });

  it("names the odd-lot book to who wants less than a lot", () => {
    expect(() => checkWish(readWish({ ...body, quantity: 7 }), share, "book")).toThrow("PETR4F");
  });

  it.each([
    [{}, "taken"],
    [{ timeInForce: "IOC" }, "UNSUPPORTED_IN_MODE timeInForce"],
    [{ price: null }, "UNSUPPORTED_IN_MODE type"],
  ] as const)("in reference mode %j is %s", (fields, code) => {
    expect(codeOf(() => checkWish(readWish({ ...body, ...fields }), share, "reference"))).toBe(code);
  });
});

describe("protectionPrice", () => {
  const prices = record({ last: integer({ min: 1, max: priceLimit }), tick: constantFrom(1, 5, 100, 500) });

  it("is on a tick, at least 5 % away and less than a tick more", () => {
    assert(
      property(prices, constantFrom("BUY", "SELL"), ({ last, tick }, side) => {
        let price: number;
        try {
          price = protectionPrice({ side, quantity: 1 }, toMoney(last), toMoney(tick));
        } catch (error) {
          // 5 % above the highest price there is.
          return error instanceof Refusal && side === "BUY" && last * 105 > priceLimit * 100 - tick * 100;
        }
        const exact = BigInt(last) * (side === "BUY" ? 105n : 95n);
        const beyond = (side === "BUY" ? 1n : -1n) * (BigInt(price) * 100n - exact);
        const within = beyond >= 0n && beyond < BigInt(tick) * 100n;
        return price % tick === 0 && price > 0 && (within || (side === "SELL" && price === tick));
      }),
    );
  });

  it("of R$ 38.50 is R$ 40.43 and R$ 36.57", () => {
    const of = (side: "BUY" | "SELL") =>
      protectionPrice({ side, quantity: 100 }, toMoney(385_000), toMoney(100));
    expect([of("BUY"), of("SELL")]).toEqual([404_300, 365_700]);
  });

  it("is refused where the whole order would be beyond the limit", () => {
    const much = { side: "BUY", quantity: 10_000_000 } as const;
    expect(codeOf(() => protectionPrice(much, toMoney(priceLimit / 2), toMoney(100)))).toBe(
      "AMOUNT_LIMIT quantity",
    );
    expect(() => toMoney(1e15)).toThrow(MoneyError);
  });
});
