import type { PlaceOrderBody } from "../../../contracts/rest.js";
import { findInstrument, type Instrument, listInstruments } from "../../../kit/instruments.js";
import { multiplyMoney, toPayload } from "../../../kit/money.js";

/** An order that somebody might place, and whether they think better of it. */
export interface WantedOrder {
  /** Index of the user. */
  readonly user: number;
  readonly body: PlaceOrderBody;
  /** A resting order that is cancelled as soon as it is there. */
  readonly cancel: boolean;
}

/** Shares that each user is given to sell. */
export const heldTickers: readonly string[] = ["PETR4", "VALE3", "ITUB4", "BBDC4", "MXRF11", "BOVA11"];

/** Books of single shares: the provider offers 1,000 shares at a price, so that small orders find their other side. */
const smallLots: readonly Instrument[] = listInstruments().filter(({ lotSize }) => lotSize === 1);
const sellable = smallLots.filter(({ baseTicker }) => heldTickers.includes(baseTicker));

/**
 * The same orders for the same random numbers: 8 of 10 at the market, 1 with a limit around the last price, 1 far below
 * it, which rests and is cancelled. A third sells.
 * @param random uniform in [0, 1)
 */
export function* wantOrders(random: () => number, users: number): Generator<WantedOrder, never> {
  for (;;) {
    const user = Math.floor(random() * users);
    const side = random() < 1 / 3 ? "SELL" : "BUY";
    const { ticker } = pick(side === "SELL" ? sellable : smallLots, random);
    const quantity = 1 + Math.floor(random() * 3);
    const kind = random();
    const order = { ticker, side, quantity } as const;
    if (kind < 0.8) yield { user, cancel: false, body: { ...order, type: "MARKET" } };
    else if (kind < 0.9) {
      yield {
        user,
        cancel: false,
        body: { ...order, ...limit(ticker, 0.98 + random() * 0.04), timeInForce: "IOC" },
      };
    } else {
      yield { user, cancel: true, body: { ...order, ...limit(ticker, side === "BUY" ? 0.5 : 2) } };
    }
  }
}

function limit(ticker: string, factor: number): Pick<PlaceOrderBody, "type" | "price"> {
  const { basePrice, tick } = findInstrument(ticker) as Instrument;
  const price = multiplyMoney(tick, Math.max(1, Math.round((basePrice * factor) / tick)));
  return { type: "LIMIT", price: toPayload(price) };
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T;
}
