import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Instrument {
  readonly ticker: string;
  readonly name: string;
  readonly kind: "SHARE" | "FUND" | "ETF";
  readonly lotSize: number;
  readonly tick: number;
  readonly basePrice: number;
}

const instruments = JSON.parse(
  readFileSync(new URL("./instruments.json", import.meta.url), "utf8"),
) as Instrument[];

function countOf(kind: Instrument["kind"]): number {
  return instruments.filter((instrument) => instrument.kind === kind).length;
}

describe("instruments.json", () => {
  it("lists 40 shares, 8 funds and 2 ETFs, each ticker once", () => {
    expect({ shares: countOf("SHARE"), funds: countOf("FUND"), etfs: countOf("ETF") }).toEqual({
      shares: 40,
      funds: 8,
      etfs: 2,
    });
    expect(new Set(instruments.map(({ ticker }) => ticker)).size).toBe(50);
  });

  it("gives shares lots of 100, the others lots of 1, and every price in whole ticks", () => {
    for (const { ticker, kind, lotSize, tick, basePrice } of instruments) {
      expect(ticker).toMatch(/^[A-Z][A-Z0-9]{3}\d{1,2}$/);
      expect(lotSize, ticker).toBe(kind === "SHARE" ? 100 : 1);
      expect(tick, ticker).toBe(0.01);
      const cents = basePrice * 100;
      expect(Math.abs(cents - Math.round(cents)), ticker).toBeLessThan(1e-6);
    }
  });
});
