import { assert, constantFrom, integer, property, record, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { findInstrument, quotedInstruments } from "../instruments.js";
import { intervalAt, simulatedPrice, simulatedQuote, simulatedRange } from "./simulated-quote.js";

const instruments = constantFrom(...quotedInstruments);
const moments = record({
  seed: string(),
  intervalSeconds: integer({ min: 1, max: 3_600 }),
  timeMs: integer({ min: 0, max: Date.UTC(2100, 0) }),
}).map(({ seed, intervalSeconds, timeMs }) => ({
  seed,
  intervalSeconds,
  k: intervalAt(timeMs, intervalSeconds),
}));

/** 00:00 in Sao Paulo. */
const midnightMs = Date.UTC(2026, 4, 4, 3);
const petr4 = findInstrument("PETR4") as (typeof quotedInstruments)[number];

function pricesOf(ticker: string, count: number): number[] {
  const instrument = findInstrument(ticker) ?? petr4;
  const first = intervalAt(midnightMs, 5);
  return Array.from({ length: count }, (_, step) =>
    simulatedPrice(instrument, { seed: "42", intervalSeconds: 5, k: first + step }),
  );
}

describe("simulated quotes", () => {
  it("are on tick, above zero and within the range, and the same whenever they are asked for", () => {
    assert(
      property(instruments, moments, (instrument, moment) => {
        const price = simulatedPrice(instrument, moment);
        const { basePrice, tick } = instrument;
        expect(price % tick).toBe(0);
        expect(price).toBeGreaterThan(0);
        expect(Math.abs(price - basePrice)).toBeLessThanOrEqual(basePrice * simulatedRange + tick);
        expect(simulatedPrice({ ...instrument }, { ...moment })).toBe(price);
      }),
      { numRuns: 1_000 },
    );
  });

  it("begin every day in Sao Paulo at the base price, whatever the interval", () => {
    assert(
      property(
        instruments,
        string(),
        integer({ min: 0, max: 40_000 }),
        integer({ min: 1, max: 3_600 }),
        (instrument, seed, day, intervalSeconds) => {
          const first = Math.ceil((day * 86_400 + 3 * 3_600) / intervalSeconds);
          const quote = simulatedQuote(instrument, { seed, intervalSeconds, k: first });
          expect(quote.price).toBe(instrument.basePrice);
          expect(quote.changePercent).toBe(0);
        },
      ),
    );
  });

  it("change in most intervals, of cheap and of dear instruments", () => {
    for (const { ticker } of quotedInstruments) {
      const prices = pricesOf(ticker, 2_000);
      const changes = prices.filter((price, step) => step > 0 && price !== prices[step - 1]);
      expect(changes.length, ticker).toBeGreaterThan(1_000);
    }
  });

  it("move little from one interval to the next and further over a day", () => {
    const prices = pricesOf("PETR4", 17_280);
    const steps = prices.map((price, step) => Math.abs(price - (prices[step - 1] ?? price)) / price);
    expect(Math.max(...steps)).toBeLessThan(0.005);
    const spread = (Math.max(...prices) - Math.min(...prices)) / petr4.basePrice;
    expect(spread).toBeGreaterThan(0.01);
  });

  it("differ by seed, ticker and day", () => {
    const k = intervalAt(midnightMs, 5) + 1_000;
    const moment = { seed: "42", intervalSeconds: 5, k };
    const petr3 = { ...petr4, ticker: "PETR3" };
    const others = [
      simulatedPrice(petr4, { ...moment, seed: "43" }),
      simulatedPrice(petr3, moment),
      simulatedPrice(petr4, { ...moment, k: k + 17_280 }),
    ];
    expect(others).not.toContain(simulatedPrice(petr4, moment));
  });

  it("trade more and more shares in the course of a day, in whole lots", () => {
    const first = intervalAt(midnightMs, 5);
    const volumes = Array.from(
      { length: 1_000 },
      (_, step) => simulatedQuote(petr4, { seed: "42", intervalSeconds: 5, k: first + step }).volume,
    );
    expect(volumes).toEqual([...volumes].sort((a, b) => a - b));
    expect(volumes.filter((volume) => volume % 100 !== 0)).toEqual([]);
    expect(volumes.at(-1)).toBeGreaterThan(volumes[0] ?? 0);
  });

  it("carry the start of their interval", () => {
    const k = intervalAt(midnightMs + 7_300, 5);
    const quote = simulatedQuote(petr4, { seed: "42", intervalSeconds: 5, k });
    expect(quote.time).toBe("2026-05-04T03:00:05.000Z");
  });

  // What every other process and version must come to as well.
  it("are these", () => {
    const k = intervalAt(Date.UTC(2026, 4, 4, 15), 5);
    const moment = { seed: "42", intervalSeconds: 5, k };
    const some = ["PETR4", "B3SA3", "BOVA11"].map((ticker) =>
      simulatedPrice(findInstrument(ticker) ?? petr4, moment),
    );
    expect(some).toMatchInlineSnapshot(`
      [
        380400,
        123800,
        1285100,
      ]
    `);
  });
});
