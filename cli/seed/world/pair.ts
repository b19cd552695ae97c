import { quotedInstruments } from "../../../kit/instruments.js";
import { Desk } from "./desk.js";
import { createDice, type Dice, mix } from "./dice.js";
import { createIds } from "./make-ids.js";
import type { Prices } from "./prices.js";
import { leaveOpen, openingOrders, type Scene, type Script, scripts } from "./scripts.js";
import { dayOf, historyDays, pastSlots, slotsLeftInDay, type Timeline } from "./timeline.js";
import { Wallet } from "./wallet.js";

/** What every pair is made of. */
export interface Setting {
  readonly randomSeed: number;
  readonly prices: Prices;
  readonly timeline: Timeline;
}

export const ordersPerPair = 40;
const brl = 10_000;
/** Cash is moved a minute after the exchange has answered. */
const minuteMs = 60_000;

export interface Pair {
  readonly users: readonly [Wallet, Wallet];
  readonly desk: Desk;
}

/** Two users without a past. Their ids are the first that the pair makes. */
export function makeUsers({ randomSeed, timeline }: Setting, pair: number) {
  const ids = createIds(randomSeed, pair);
  const { placedMs } = timeline.stepOf(0, pair);
  const makeUser = () => new Wallet(ids.format(placedMs, ids.next()), ids);
  const users: Pair["users"] = [makeUser(), makeUser()];
  return { users, ids, registeredMs: placedMs };
}

/** All that two users did in 30 days; without anybody else, so that no pair needs another. */
export function makePair(setting: Setting, pair: number): Pair {
  const { timeline, prices, randomSeed } = setting;
  const dice = createDice(mix(mix(randomSeed) ^ pair));
  const { users, ids } = makeUsers(setting, pair);
  const desk = new Desk(ids, timeline.stepOf(0, pair));
  for (const user of users) fund(user, dice, desk.step.settledMs);
  const scene: Scene = { dice, prices, desk, users };
  playHistory(
    scene,
    (slot) => timeline.stepOf(slot, pair),
    (day) => timeline.sessionEnd(day, pair),
  );
  let slot = pastSlots;
  desk.begin(timeline.stepOf(slot, pair));
  for (const _ of leaveOpen(scene)) desk.begin(timeline.stepOf(++slot, pair));
  return { users, desk };
}

/** Cash, and shares of four companies or funds. */
function fund(user: Wallet, dice: Dice, atMs: number): void {
  user.moveCash("DEPOSIT", dice.between(2_000, 10_000) * 100 * brl, atMs);
  for (let count = 0; count < 4; count++) {
    const instrument = dice.pick(quotedInstruments);
    const quantity = dice.between(3, 30) * 100 + (dice.chance(50) ? dice.between(1, 99) : 0);
    const price = instrument.basePrice + dice.between(-5, 5) * instrument.tick;
    user.bringShares(instrument, { quantity, cost: price * quantity, atMs });
  }
}

type StepAt = (number: number) => Scene["desk"]["step"];

function playHistory(scene: Scene, stepOf: StepAt, sessionEnd: StepAt): void {
  const { desk, dice } = scene;
  let left = ordersPerPair - openingOrders;
  let playing: ReturnType<Script["play"]> | undefined;
  for (let slot = 1; slot < pastSlots; slot++) {
    // As many slots for an order as there are on the average, and all of the last ones.
    const isFree = playing === undefined && dice.below(Math.max(1, pastSlots - lastSlots - slot)) < 2 * left;
    if (isFree || playing !== undefined) desk.begin(stepOf(slot));
    if (isFree) {
      const script = pickScript(dice, { slots: slotsLeftInDay(slot), orders: left });
      left -= script?.orders ?? 0;
      playing = script?.play(scene);
    }
    if (playing?.next().done !== false) playing = undefined;
    if (slot % cashEvery === 0) moveCash(scene, stepOf(slot).settledMs + minuteMs);
    if (slotsLeftInDay(slot) === 1) desk.endSession(() => sessionEnd(dayOf(slot)));
  }
}

/** Kept free for what chance has left over. */
const lastSlots = 40;
/** In slots: every 7.5 days. */
const cashEvery = (historyDays * 8) / 4;

/** undefined: nothing is left to be ordered. */
function pickScript(
  dice: Dice,
  room: { readonly slots: number; readonly orders: number },
): Script | undefined {
  const fitting = scripts.filter(({ slots, orders }) => slots <= room.slots && orders <= room.orders);
  let at = dice.below(fitting.reduce((sum, { weight }) => sum + weight, 0));
  return fitting.find(({ weight }) => {
    at -= weight;
    return at < 0;
  });
}

function moveCash({ users, dice }: Scene, atMs: number): void {
  const user = dice.pick(users);
  if (dice.chance(40)) user.moveCash("DEPOSIT", dice.between(1, 100) * 100 * brl, atMs);
  else {
    const amount = Math.floor((user.available * dice.between(1, 10)) / (100 * brl)) * brl;
    if (amount > 0) user.moveCash("WITHDRAWAL", amount, atMs);
  }
}
