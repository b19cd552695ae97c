import { createRandom } from "../../../kit/seeded-random.js";

/** Choices that are the same for the same seed; only whole numbers leave it. */
export interface Dice {
  /** 0 to limit - 1. */
  below(limit: number): number;
  /** Both inclusive. */
  between(least: number, most: number): number;
  /** True so many times in a hundred. */
  chance(percent: number): boolean;
  pick<T>(items: readonly T[]): T;
}

/** The same answers in the same order for the same seed, on every machine. */
export function createDice(seed: number): Dice {
  const random = createRandom(seed);
  // A division by 2 ** 32 and a product below 2 ** 53 / 2 ** 21 are exact enough to floor alike everywhere.
  const below = (limit: number) => Math.floor(random() * limit);
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (percent) => below(100) < percent,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
  };
}

/** One to one on 32 bits: what is different stays so (the finalizer of MurmurHash3). */
export function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
