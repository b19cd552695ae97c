import { findInstrument, type Instrument, quotedInstruments } from "../../../kit/instruments.js";
import type { Quote } from "../../../kit/quotes/quote.js";
import { simulatedPrice, simulatedQuote } from "../../../kit/quotes/simulated-quote.js";

/** A midnight in Sao Paulo (2026-01-01): prices are those of the days before it, whatever day as-of is. */
const referenceSeconds = 1_767_236_400;

/** Money here is a count of 1/10000 BRL. */
export interface Prices {
  referenceAt(instrument: Instrument, atMs: number): number;
  /** Those of the liquidity provider, as docs/matching-engine.md has them. */
  quotesAt(instrument: Instrument, atMs: number): { readonly bid: number; readonly ask: number };
  quoteAt(instrument: Instrument, atMs: number): Quote;
}

/** What simulated quotes with an interval of a second have: at as-of every price is the base price. */
export function createPrices(randomSeed: number, asOfMs: number): Prices {
  const seed = String(randomSeed);
  const momentAt = (atMs: number) => {
    return { seed, intervalSeconds: 1, k: referenceSeconds + Math.floor((atMs - asOfMs) / 1_000) };
  };
  const referenceAt = (instrument: Instrument, atMs: number) =>
    simulatedPrice(findInstrument(instrument.baseTicker) ?? instrument, momentAt(atMs));
  return {
    referenceAt,
    quotesAt: (instrument, atMs) => quotesAround(referenceAt(instrument, atMs), instrument.tick),
    quoteAt: (instrument, atMs) => {
      const time = new Date(atMs).toISOString();
      return { ...simulatedQuote(instrument, momentAt(atMs)), time };
    },
  };
}

/** s = the larger of one tick and 0.05 % rounded up to ticks. */
export function quotesAround(reference: number, tick: number): { bid: number; ask: number } {
  const spread = Math.max(tick, Math.ceil((reference * 5) / (10_000 * tick)) * tick);
  return { bid: Math.max(tick, reference - spread), ask: reference + spread };
}

/** So many percent of a price, on a tick: rounded away from 100 %. */
export function percentOf(price: number, percent: number, tick: number): number {
  const ticks = (price * percent) / (100 * tick);
  return Math.max(1, percent < 100 ? Math.floor(ticks) : Math.ceil(ticks)) * tick;
}

const popular = quotedInstruments.slice(0, 10);

/** Half of all trades are in the ten best known. */
export function pickInstrument(dice: {
  chance(percent: number): boolean;
  pick<T>(items: readonly T[]): T;
}): Instrument {
  return dice.pick(dice.chance(50) ? popular : quotedInstruments);
}
