import instruments from "../contracts/instruments.json" with { type: "json" };
import { type Money, parseMoney, quantityLimit } from "./money.js";

export interface Instrument {
  /** PETR4, or PETR4F for the odd-lot book of PETR4. */
  readonly ticker: string;
  /** Whose price and position it has: PETR4 for both. */
  readonly baseTicker: string;
  readonly name: string;
  readonly kind: "SHARE" | "FUND" | "ETF";
  /** An order's quantity is a multiple of it. */
  readonly lotSize: number;
  /** Of one order: 99 in an odd-lot book. */
  readonly maxQuantity: number;
  /** A price is a multiple of it. */
  readonly tick: Money;
  /** Where a simulated day begins. */
  readonly basePrice: Money;
}

/** Those that have a price of their own. */
export const quotedInstruments: readonly Instrument[] = instruments.map((entry) => ({
  ticker: entry.ticker,
  baseTicker: entry.ticker,
  name: entry.name,
  kind: entry.kind as Instrument["kind"],
  lotSize: entry.lotSize,
  maxQuantity: quantityLimit,
  tick: parseMoney(entry.tick),
  basePrice: parseMoney(entry.basePrice),
}));

const oddLots = quotedInstruments
  .filter(({ kind }) => kind === "SHARE")
  .map((share) => ({ ...share, ticker: `${share.ticker}F`, lotSize: 1, maxQuantity: 99 }));

const byTicker: ReadonlyMap<string, Instrument> = new Map(
  [...quotedInstruments, ...oddLots].map((instrument) => [instrument.ticker, instrument]),
);

/** All that can be traded: contracts/instruments.json, and the odd-lot book of each share. */
export function listInstruments(): readonly Instrument[] {
  return [...byTicker.values()];
}

/** undefined for a ticker that is not traded. */
export function findInstrument(ticker: string): Instrument | undefined {
  return byTicker.get(ticker);
}
