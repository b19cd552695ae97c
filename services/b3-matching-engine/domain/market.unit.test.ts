import { describe, expect, it } from "vitest";
import type { Money } from "../../../kit/money.js";
import type { Command, NewOrder, Result, SetPrices } from "./commands.js";
import { Market, type MarketSettings } from "./market.js";
import { testListings } from "./testing/random-commands.js";

const money = (reais: number) => Math.round(reais * 10_000) as Money;

/** A market that numbers what it is given, and tells each result as "orderId status quantity@price reason". */
function openMarket(settings: Partial<MarketSettings> = {}) {
  const market = new Market({ listings: testListings, mode: "book", providerSize: 0, ...settings });
  let sequence = 0;
  const apply = (command: Command) => market.apply(command).map(tell);
  const next = () => ({ sequence: ++sequence, at: 0 });
  return {
    market,
    place: (orderId: string, side: "BUY" | "SELL", text: string, more: Partial<NewOrder> = {}) => {
      const [quantity, price] = text.split("@").map(Number);
      const terms = { ticker: "PETR4", side, type: "LIMIT", timeInForce: "DAY", sessionDate: "2026-11-23" };
      const numbers = { quantity: quantity ?? 0, price: price === undefined ? null : money(price) };
      return apply({ ...next(), kind: "NEW", orderId, ...terms, ...numbers, ...more } as NewOrder);
    },
    cancel: (orderId: string, past: { orderSeq: number; cumQuantity: number } | null = null) =>
      apply({ ...next(), kind: "CANCEL", orderId, past }),
    price: (ticker: string, reais: number) =>
      apply({ ...next(), kind: "PRICE", prices: [[ticker, money(reais)]] } satisfies SetPrices),
    endSession: (date: string) => apply({ ...next(), kind: "SESSION_END", date }),
    refuse: (orderId: string) => apply({ ...next(), kind: "REFUSE", orderId }),
  };
}

function tell({ order, status, executedPrice, executedQuantity, reason, counterOrderId }: Result): string {
  const trade =
    executedPrice === null
      ? ""
      : ` ${executedQuantity}@${executedPrice / 10_000} with ${counterOrderId ?? "provider"}`;
  return `${order.orderId} ${status}${trade}${reason === null ? "" : ` ${reason}`}`;
}

describe("an order in the book", () => {
  it("trades at the price of who was there first, the better price first", () => {
    const { place } = openMarket();
    place("s1", "SELL", "100@10.02");
    place("s2", "SELL", "100@10.01");
    place("s3", "SELL", "100@10.01");
    expect(place("b", "BUY", "400@10.02")).toEqual([
      "b ACCEPTED",
      "b PARTIALLY_FILLED 100@10.01 with s2",
      "s2 FILLED 100@10.01 with b",
      "b PARTIALLY_FILLED 100@10.01 with s3",
      "s3 FILLED 100@10.01 with b",
      "b PARTIALLY_FILLED 100@10.02 with s1",
      "s1 FILLED 100@10.02 with b",
    ]);
    expect(place("s4", "SELL", "100@9")).toContain("s4 FILLED 100@10.02 with b");
  });

  it("keeps its place after a part of it was executed", () => {
    const { place } = openMarket();
    place("s1", "SELL", "300@10");
    place("s2", "SELL", "100@10");
    place("b1", "BUY", "100@10");
    expect(place("b2", "BUY", "200@10")).toContain("s1 FILLED 200@10 with b2");
  });

  it("ends at once where it may not rest", () => {
    const { place } = openMarket();
    place("s1", "SELL", "100@10");
    expect(place("fok", "BUY", "200@10", { timeInForce: "FOK" })).toEqual([
      "fok ACCEPTED",
      "fok CANCELLED NO_LIQUIDITY",
    ]);
    expect(place("ioc", "BUY", "200@10", { timeInForce: "IOC" }).at(-1)).toBe("ioc CANCELLED NO_LIQUIDITY");
    expect(place("market", "BUY", "200@10", { type: "MARKET" }).at(-1)).toBe("market CANCELLED NO_LIQUIDITY");
  });

  it.each([
    ["UNKNOWN_TICKER", "100@10", { ticker: "XXXX3" }],
    ["SESSION_CLOSED", "100@10", { sessionDate: null }],
    ["ODD_LOT", "100@10", { ticker: "PETR4F" }],
    ["AMOUNT_LIMIT", "10000100@10", {}],
    ["ODD_LOT", "150@10", {}],
    ["PRICE_MISSING", "100", {}],
    ["AMOUNT_LIMIT", "100@1000000.01", {}],
    ["OFF_TICK", "100@10.005", {}],
  ])("is refused with %s", (reason, text, more) => {
    expect(openMarket().place("o", "BUY", text, more)).toEqual([`o REJECTED ${reason}`]);
  });

  it("trades with another of the same user: the exchange knows no users", () => {
    const { place } = openMarket();
    place("mine", "SELL", "100@10");
    expect(place("mine too", "BUY", "100@10")).toContain("mine too FILLED 100@10 with mine");
  });
});

describe("a cancel", () => {
  it("ends what rests, comes too late for what is final, and goes before what is not there yet", () => {
    const { place, cancel } = openMarket();
    place("b", "BUY", "100@10");
    expect(cancel("b")).toEqual(["b CANCELLED"]);
    expect(cancel("b", { orderSeq: 2, cumQuantity: 0 })).toEqual(["b CANCEL_REJECTED TOO_LATE"]);
    expect(cancel("never seen")).toEqual(["never seen CANCELLED UNKNOWN_ORDER"]);
  });
});

describe("the end of a session", () => {
  it("expires what came on its day or before, in the order in which it came", () => {
    const { place, endSession, market } = openMarket();
    place("old", "SELL", "100@11", { sessionDate: "2026-11-20" });
    place("today", "BUY", "100@9");
    place("next", "BUY", "100@9", { sessionDate: "2026-11-24" });
    expect(endSession("2026-11-23")).toEqual(["old EXPIRED SESSION_END", "today EXPIRED SESSION_END"]);
    expect([...market.resting.keys()]).toEqual(["next"]);
  });
});

describe("the liquidity provider", () => {
  it("stands a tick or 0.05 % rounded up around the reference, in the odd-lot book too", () => {
    const { market, price } = openMarket({ providerSize: 1_000 });
    price("PETR4", 38.5);
    const quotes = { BUY: { price: 384_800, quantity: 1_000 }, SELL: { price: 385_200, quantity: 1_000 } };
    expect(market.books.get("PETR4")?.quotes).toEqual(quotes);
    expect(market.books.get("PETR4F")?.quotes).toEqual(quotes);
    price("MXRF11", 9.98);
    expect(market.books.get("MXRF11")?.quotes.SELL?.price).toBe(99_900);
  });

  it("trades behind orders at its price, at most its size, until the next price", () => {
    const { place, price } = openMarket({ providerSize: 200 });
    price("PETR4", 10);
    place("s", "SELL", "100@10.01");
    expect(place("b", "BUY", "400@10.01")).toEqual([
      "b ACCEPTED",
      "b PARTIALLY_FILLED 100@10.01 with s",
      "s FILLED 100@10.01 with b",
      "b PARTIALLY_FILLED 200@10.01 with provider",
    ]);
    expect(price("PETR4", 9.99)).toEqual(["b FILLED 100@10.01 with provider"]);
  });

  it("with a new quote takes what rests there, at its price", () => {
    const { place, price } = openMarket({ providerSize: 150 });
    place("s1", "SELL", "100@10.05");
    place("s2", "SELL", "100@10");
    expect(price("PETR4", 10.2)).toEqual([
      "s2 FILLED 100@10 with provider",
      "s1 PARTIALLY_FILLED 50@10.05 with provider",
    ]);
  });

  it("is not there below a tick, above the limit, or switched off", () => {
    const { market, price } = openMarket({ providerSize: 100 });
    price("PETR4", 0.01);
    expect(market.books.get("PETR4")?.quotes).toEqual({ BUY: null, SELL: { price: 200, quantity: 100 } });
    price("PETR4", 1_000_000);
    expect(market.books.get("PETR4")?.quotes.SELL).toBeNull();
    const off = openMarket();
    off.price("PETR4", 10);
    expect(off.market.books.get("PETR4")?.quotes).toEqual({ BUY: null, SELL: null });
  });
});

describe("reference mode", () => {
  it("executes an order whole at the market price if its limit allows, else refuses it", () => {
    const { place, price } = openMarket({ mode: "reference", providerSize: 100 });
    expect(place("early", "BUY", "100@10")).toEqual(["early REJECTED NO_PRICE"]);
    price("PETR4", 10);
    expect(place("b", "BUY", "5000@10.50")).toEqual(["b ACCEPTED", "b FILLED 5000@10 with provider"]);
    expect(place("low", "BUY", "100@9.99")).toEqual(["low REJECTED PRICE_NOT_REACHED"]);
    expect(place("s", "SELL", "100@10.01")).toEqual(["s REJECTED PRICE_NOT_REACHED"]);
  });
});

describe("an order that nobody can read", () => {
  it("is refused under its id", () => {
    expect(openMarket().refuse("o")).toEqual(["o REJECTED ENGINE_REFUSED"]);
  });
});
