import type { Instrument } from "../instruments.js";
import type { Money } from "../money.js";

/** What an instrument costs at a moment. An odd-lot book has the quote of its share. */
export interface Quote {
  readonly instrument: Instrument;
  /** A multiple of the instrument's tick, above zero. */
  readonly price: Money;
  /** Against the start of the day, with two decimals: 1.25 is 1.25 %. */
  readonly changePercent: number;
  /** Shares traded since the start of the day. */
  readonly volume: number;
  /** RFC 3339 in UTC: a simulated one has the start of its interval, another the moment at which it was had. */
  readonly time: string;
}

/** To the nearest tick, and at least one: a quote is not an amount that anybody owes. */
export function roundToTick(price: number, { tick }: Instrument): Money {
  return (Math.max(1, Math.round(price / tick)) * tick) as Money;
}
