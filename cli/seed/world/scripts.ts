import type { OrderType, TimeInForce } from "../../../contracts/fields.js";
import { chooseMatch, choosePurchase, chooseTrade, type Floor, type Trade } from "./choose-trade.js";
import { type Desk, isOpen, leavesOf, type Order, type Terms } from "./desk.js";
import { percentOf, pickInstrument, quotesAround } from "./prices.js";
import type { Wallet } from "./wallet.js";

/** Where two users trade. */
export interface Scene extends Floor {
  readonly desk: Desk;
  readonly users: readonly [Wallet, Wallet];
}

/** What happens to one or two orders. */
export interface Script {
  /** Among all of them. */
  readonly weight: number;
  /** Slots and orders that it takes; a slot more than one only within a day. */
  readonly slots: number;
  readonly orders: number;
  /** At each yield time goes on to the next slot; without any all of it happens in one. */
  readonly play: (scene: Scene) => Generator<undefined, void> | void;
}

/** What the liquidity provider has on each side. */
const providerSize = 1_000;

interface Pricing {
  readonly type?: OrderType;
  readonly timeInForce?: TimeInForce;
  readonly price: number;
}

function termsOf(trade: Trade, { type = "LIMIT", timeInForce = "DAY", price }: Pricing): Terms {
  const { user, instrument, side, quantity } = trade;
  return { user, instrument, side, quantity, type, timeInForce, price };
}

/** So many percent away from the reference, on the side where nothing trades at once. */
function awayFrom({ side, instrument, reference }: Trade, percent: number): number {
  return percentOf(reference, side === "BUY" ? 100 - percent : 100 + percent, instrument.tick);
}

/** What the liquidity provider gives, or takes. */
function providerPrice({ side, instrument, reference }: Trade): number {
  const { bid, ask } = quotesAround(reference, instrument.tick);
  return side === "BUY" ? ask : bid;
}

/** Better for the other side by some ticks. */
function concede({ side, instrument }: Trade, price: number, ticks: number): number {
  const conceded = price + (side === "BUY" ? ticks : -ticks) * instrument.tick;
  return Math.max(instrument.tick, conceded);
}

/** A limit that trades at once, or a market order with its protection price, 5 % off. */
function takingPrice({ dice }: Scene, trade: Trade): Pricing {
  if (dice.chance(40)) {
    const timeInForce = dice.chance(80) ? "IOC" : "FOK";
    const percent = trade.side === "BUY" ? 105 : 95;
    const price = trade.side === "BUY" ? Math.ceil : Math.floor;
    const ticks = Math.max(1, price((trade.reference * percent) / (100 * trade.instrument.tick)));
    return { type: "MARKET", timeInForce, price: ticks * trade.instrument.tick };
  }
  const timeInForce = dice.pick(["DAY", "DAY", "IOC", "FOK"] as const);
  return { timeInForce, price: concede(trade, providerPrice(trade), dice.below(6)) };
}

function chooseAny({ desk, users, ...floor }: Scene): Trade {
  return chooseTrade(floor, floor.dice.pick(users), desk.step.placedMs);
}

/** Filled at once by the liquidity provider, often at a better price than its limit. */
function fillAtOnce(scene: Scene) {
  const trade = chooseAny(scene);
  const order = scene.desk.place(termsOf(trade, takingPrice(scene, trade)));
  scene.desk.fill(order, order.quantity, providerPrice(trade));
}

/** More than the provider has, and it may not rest. */
function fillInPart(scene: Scene) {
  const { desk, users, dice } = scene;
  const trade = choosePurchase(scene, dice.pick(users), desk.step.matchedMs);
  const quantity = providerSize + 100 * dice.between(1, 5);
  const most = trade === undefined ? 0 : awayFrom({ ...trade, side: "SELL" }, 10) * quantity;
  const tooMuch = trade === undefined || trade.user.available < most;
  if (tooMuch || trade.instrument.maxQuantity < quantity) return fillAtOnce(scene);
  const pricing = takingPrice(scene, trade);
  const order = desk.place(termsOf({ ...trade, quantity }, { ...pricing, timeInForce: "IOC" }));
  desk.fill(order, providerSize, providerPrice(trade));
  desk.end(order, "CANCELLED", "NO_LIQUIDITY");
}

/** Nobody there at its price, and it may not rest. */
function findNobody(scene: Scene) {
  const { desk, dice } = scene;
  const trade = chooseAny(scene);
  const timeInForce = dice.pick(["IOC", "FOK"] as const);
  const order = desk.place(termsOf(trade, { timeInForce, price: awayFrom(trade, dice.between(1, 4)) }));
  desk.end(order, "CANCELLED", "NO_LIQUIDITY");
}

/** Rests for the rest of the day, unless something else is done about it. */
function rest(scene: Scene, percent: number): Order {
  const trade = chooseAny(scene);
  return scene.desk.place(termsOf(trade, { price: awayFrom(trade, percent) }));
}

function* restAndCancel(scene: Scene) {
  const order = rest(scene, scene.dice.between(1, 6));
  yield;
  scene.desk.cancel(order);
}

function restAndExpire(scene: Scene) {
  rest(scene, scene.dice.between(2, 8));
}

/** The price comes to where it rests: the provider trades at the order's limit. */
function* restAndFill(scene: Scene) {
  const order = rest(scene, 1);
  yield;
  scene.desk.fill(order, order.quantity, order.price);
}

interface Meeting {
  readonly maker: Order;
  readonly taker: Order;
}

/**
 * The two users meet between the provider's prices. Of the maker's quantity the taker takes all or a part; or the taker
 * wants more than there is. With a percentage: that far from the reference.
 */
function* meet(
  scene: Scene,
  size: "equal" | "smaller" | "larger",
  percent = 0,
): Generator<undefined, Meeting> {
  const { desk, users, dice } = scene;
  const sides: typeof users = dice.chance(50) ? users : [users[1], users[0]];
  const { sale, buyer } = chooseMatch(scene, sides, desk.step.placedMs);
  const purchase: Trade = { ...sale, user: buyer, side: "BUY" };
  const [makes, takes] = dice.chance(50) ? [sale, purchase] : [purchase, sale];
  const { lotSize } = sale.instrument;
  const part = dice.between(1, sale.quantity / lotSize - 1) * lotSize;
  const quantityOf = (isSmaller: boolean) => (isSmaller ? part : sale.quantity);
  const price = awayFrom(makes, percent);
  const maker = desk.place(termsOf({ ...makes, quantity: quantityOf(size === "larger") }, { price }));
  yield;
  const timeInForce = size === "larger" ? "DAY" : dice.pick(["DAY", "IOC", "FOK"] as const);
  const limit = concede(takes, price, dice.below(4));
  const wanted = { ...takes, quantity: quantityOf(size === "smaller") };
  const taker = desk.place(termsOf(wanted, { timeInForce, price: limit }));
  desk.cross(taker, maker, Math.min(leavesOf(maker), leavesOf(taker)));
  return { maker, taker };
}

function* meetWhole(scene: Scene) {
  yield* meet(scene, "equal");
}

function* meetAndCancel(scene: Scene) {
  const met = yield* meet(scene, scene.dice.pick(["smaller", "larger"]));
  yield;
  const open = [met.maker, met.taker].find(isOpen);
  if (open !== undefined) scene.desk.cancel(open);
}

function* meetAndExpire(scene: Scene) {
  yield* meet(scene, scene.dice.pick(["smaller", "larger"]));
}

/** The provider fills what the other user left. */
function* meetAndFill(scene: Scene) {
  const { maker } = yield* meet(scene, "smaller");
  yield;
  scene.desk.fill(maker, leavesOf(maker), maker.price);
}

/** More than the user has. */
function refuseByWallet({ desk, users, dice, prices }: Scene): void {
  const user = dice.pick(users);
  const instrument = pickInstrument(dice);
  const price = prices.referenceAt(instrument, desk.step.matchedMs);
  const { lotSize, baseTicker } = instrument;
  const side = dice.pick(["BUY", "SELL"] as const);
  const owned = user.positions.get(baseTicker)?.available ?? 0;
  const lots = Math.floor((side === "BUY" ? user.available / price : owned) / lotSize);
  const quantity = (lots + dice.between(1, 5)) * lotSize;
  desk.placeUncovered(termsOf({ user, instrument, side, quantity, reference: price }, { price }));
}

function beRefusedByExchange(scene: Scene) {
  const trade = chooseAny(scene);
  scene.desk.placeRefused(termsOf(trade, { price: trade.reference }));
}

export const scripts: readonly Script[] = [
  { weight: 30, slots: 1, orders: 1, play: fillAtOnce },
  { weight: 5, slots: 1, orders: 1, play: fillInPart },
  { weight: 5, slots: 1, orders: 1, play: findNobody },
  { weight: 8, slots: 1, orders: 1, play: restAndExpire },
  { weight: 5, slots: 1, orders: 1, play: refuseByWallet },
  { weight: 2, slots: 1, orders: 1, play: beRefusedByExchange },
  { weight: 8, slots: 2, orders: 1, play: restAndCancel },
  { weight: 7, slots: 2, orders: 1, play: restAndFill },
  { weight: 8, slots: 2, orders: 2, play: meetWhole },
  { weight: 4, slots: 2, orders: 2, play: meetAndExpire },
  { weight: 4, slots: 3, orders: 2, play: meetAndCancel },
  { weight: 3, slots: 3, orders: 2, play: meetAndFill },
];

export const openingOrders = 4;

/**
 * Three orders that stay open, one of them filled in part. They are further from the price than a simulated price
 * comes in a day (8 %), so a running exchange leaves them alone, and buyers and sellers do not meet.
 */
export function* leaveOpen(scene: Scene): Generator<undefined, void> {
  const percent = () => scene.dice.between(10, 19);
  for (const user of scene.users) {
    rest({ ...scene, users: [user, user] }, percent());
    yield;
  }
  yield* meet(scene, "smaller", percent());
}
