import { describe, expect, it } from "vitest";
import { findInstrument, listInstruments, quotedInstruments } from "./instruments.js";

describe("instruments", () => {
  it("are 50 with a price of their own, and the odd-lot books of the 40 shares", () => {
    expect(quotedInstruments).toHaveLength(50);
    expect(listInstruments()).toHaveLength(90);
    expect(new Set(listInstruments().map(({ ticker }) => ticker)).size).toBe(90);
  });

  it("know the odd-lot book of a share by its F", () => {
    const share = findInstrument("PETR4");
    expect(share).toMatchObject({ baseTicker: "PETR4", lotSize: 100, tick: 100, basePrice: 385_000 });
    const oddLot = { ...share, ticker: "PETR4F", lotSize: 1, maxQuantity: 99 };
    expect(findInstrument("PETR4F")).toEqual(oddLot);
    expect(findInstrument("B3SA3F")?.baseTicker).toBe("B3SA3");
  });

  it("have no odd-lot book for what trades by the piece, and nothing by another name", () => {
    const tickers = ["MXRF11F", "BOVA11F", "petr4", "PETR4FF", "", "constructor"];
    expect(tickers.filter((ticker) => findInstrument(ticker) !== undefined)).toEqual([]);
    expect(findInstrument("MXRF11")).toMatchObject({ lotSize: 1, kind: "FUND" });
  });
});
