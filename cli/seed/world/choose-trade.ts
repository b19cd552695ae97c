import type { Side } from "../../../contracts/fields.js";
import { findInstrument, type Instrument } from "../../../kit/instruments.js";
import type { Dice } from "./dice.js";
import { type Prices, percentOf, pickInstrument } from "./prices.js";
import type { Wallet } from "./wallet.js";

/** Somebody's wish that their wallet can cover, with room for a limit that is far off the reference price. */
export interface Trade {
  readonly user: Wallet;
  readonly instrument: Instrument;
  readonly side: Side;
  readonly quantity: number;
  readonly reference: number;
}

export interface Floor {
  readonly dice: Dice;
  readonly prices: Prices;
}

const mostLots = 10;
const worstPercent = 130;
/** What somebody gets who has nothing to trade with: R$ 100,000.00, or shares. */
const rescue = { cash: 1_000_000_000, shares: 1_000 };

/** Who has neither cash nor shares for any pays in. */
export function chooseTrade(floor: Floor, user: Wallet, atMs: number): Trade {
  const first = floor.dice.chance(45) ? chooseSale : choosePurchase;
  const second = first === chooseSale ? choosePurchase : chooseSale;
  const trade = first(floor, user, atMs) ?? second(floor, user, atMs);
  if (trade !== undefined) return trade;
  user.moveCash("DEPOSIT", rescue.cash, atMs);
  return chooseTrade(floor, user, atMs);
}

/** undefined: they have no cash for any. */
export function choosePurchase({ dice, prices }: Floor, user: Wallet, atMs: number): Trade | undefined {
  const share = pickInstrument(dice);
  const instruments = dice.chance(30) ? [oddLotOf(share), share] : [share, oddLotOf(share)];
  for (const instrument of instruments) {
    const reference = prices.referenceAt(instrument, atMs);
    const lot = percentOf(reference, worstPercent, instrument.tick) * instrument.lotSize;
    // Half of it at most: so that there is something left for the next one.
    const lots = Math.min(mostLotsOf(instrument), Math.floor(user.available / (2 * lot)));
    if (lots < 1) continue;
    return { user, instrument, side: "BUY", quantity: dice.between(1, lots) * instrument.lotSize, reference };
  }
  return undefined;
}

/** Of one lot at least, or of more; undefined: they have no such shares. */
function chooseSale({ dice, prices }: Floor, user: Wallet, atMs: number, leastLots = 1): Trade | undefined {
  const owned = [...user.positions.values()].filter(({ available }) => available >= leastLots);
  if (owned.length === 0) return undefined;
  const { ticker, available } = dice.pick(owned);
  const share = findInstrument(ticker) as Instrument;
  const instrument = available < leastLots * share.lotSize || dice.chance(30) ? oddLotOf(share) : share;
  const lots = Math.min(mostLotsOf(instrument), Math.floor(available / instrument.lotSize));
  const quantity = dice.between(leastLots, lots) * instrument.lotSize;
  return { user, instrument, side: "SELL", quantity, reference: prices.referenceAt(instrument, atMs) };
}

/** Of a fund or ETF, which has no such book: itself. */
function oddLotOf(instrument: Instrument): Instrument {
  return findInstrument(`${instrument.ticker}F`) ?? instrument;
}

function mostLotsOf({ lotSize, maxQuantity }: Instrument): number {
  return lotSize === 1 ? Math.min(maxQuantity, 500) : mostLots;
}

/** A sale of the one that the other can pay for, of two lots at least; who lacks something for it gets it. */
export function chooseMatch(
  floor: Floor,
  [seller, buyer]: readonly [Wallet, Wallet],
  atMs: number,
): { readonly sale: Trade; readonly buyer: Wallet } {
  const sale = chooseSale(floor, seller, atMs, 2);
  if (sale === undefined) {
    const instrument = pickInstrument(floor.dice);
    const bought = { quantity: rescue.shares, cost: rescue.shares * instrument.basePrice, atMs };
    seller.bringShares(instrument, bought);
    return chooseMatch(floor, [seller, buyer], atMs);
  }
  const { instrument, reference } = sale;
  const lot = percentOf(reference, worstPercent, instrument.tick) * instrument.lotSize;
  const quantity = Math.min(sale.quantity, Math.floor(buyer.available / lot) * instrument.lotSize);
  if (quantity >= 2 * instrument.lotSize) return { sale: { ...sale, quantity }, buyer };
  buyer.moveCash("DEPOSIT", rescue.cash, atMs);
  return chooseMatch(floor, [seller, buyer], atMs);
}
