import type { Side } from "../../../contracts/fields.js";
import { findInstrument, type Instrument } from "../../../kit/instruments.js";
import type { Dice } from "./dice.js";
import { type Prices, percentOf, pickInstrument } from "./prices.js";
import type { Wallet } from "./wallet.js";

/** Somebody's wish that their wallet can cover, with room for a limit up to a fifth off the reference price. */
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
const worstPercent = 120;

/** undefined: they have neither cash nor shares for any. */
export function chooseTrade(floor: Floor, user: Wallet, atMs: number): Trade | undefined {
  const first = floor.dice.chance(45) ? chooseSale : choosePurchase;
  const second = first === chooseSale ? choosePurchase : chooseSale;
  return first(floor, user, atMs) ?? second(floor, user, atMs);
}

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

export function chooseSale({ dice, prices }: Floor, user: Wallet, atMs: number): Trade | undefined {
  const owned = [...user.positions.values()].filter(({ available }) => available > 0);
  if (owned.length === 0) return undefined;
  const { ticker, available } = dice.pick(owned);
  const share = findInstrument(ticker) as Instrument;
  const instrument = available < share.lotSize || dice.chance(30) ? oddLotOf(share) : share;
  const lots = Math.min(mostLotsOf(instrument), Math.floor(available / instrument.lotSize));
  const quantity = dice.between(1, lots) * instrument.lotSize;
  return { user, instrument, side: "SELL", quantity, reference: prices.referenceAt(instrument, atMs) };
}

/** Of a fund or ETF, which has no such book: itself. */
function oddLotOf(instrument: Instrument): Instrument {
  return findInstrument(`${instrument.ticker}F`) ?? instrument;
}

function mostLotsOf({ lotSize, maxQuantity }: Instrument): number {
  return lotSize === 1 ? Math.min(maxQuantity, 500) : mostLots;
}

/** A sale of the one that the other can pay for, in two lots at least; undefined: there is none. */
export function chooseMatch(
  floor: Floor,
  users: readonly [Wallet, Wallet],
  atMs: number,
): { readonly sale: Trade; readonly buyer: Wallet } | undefined {
  const turned = floor.dice.chance(50);
  for (const seller of turned ? [...users].reverse() : users) {
    const buyer = users[0] === seller ? users[1] : users[0];
    const sale = chooseSale(floor, seller, atMs);
    if (sale === undefined) continue;
    const { instrument, reference } = sale;
    const lot = percentOf(reference, worstPercent, instrument.tick) * instrument.lotSize;
    const quantity = Math.min(sale.quantity, Math.floor(buyer.available / lot) * instrument.lotSize);
    if (quantity >= 2 * instrument.lotSize) return { sale: { ...sale, quantity }, buyer };
  }
  return undefined;
}
