import { mix } from "./dice.js";

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Ids of what one pair of users makes. */
export interface Ids {
  /** The how-manieth thing this is; 4,096 at most. */
  next(): number;
  format(atMs: number, ordinal: number): string;
}

/**
 * UUIDs of version 7: of the time, of the ordinal (so that ids of one millisecond are in the order of their making),
 * and of seed and pair, which makes them unique. They are written only where they are asked for: most rows of a pass
 * over the data are of another table.
 */
export function createIds(randomSeed: number, pair: number): Ids {
  const seed = mix(randomSeed);
  const ofPair = toHex(mix(pair ^ seed), 8);
  let made = 0;
  return {
    next() {
      if (made > 0xfff) throw new RangeError("a pair of users makes too many ids");
      return made++;
    },
    format(atMs, ordinal) {
      const time = `${toHex(Math.floor(atMs / 0x10000), 8)}-${toHex(atMs % 0x10000, 4)}`;
      const noise = toHex((mix(mix(seed + ordinal) ^ pair) & 0x3fffffff) | 0x80000000, 8);
      return `${time}-7${toHex(ordinal, 4).slice(1)}-${noise.slice(0, 4)}-${noise.slice(4)}${ofPair}`;
    },
  };
}

function toHex(value: number, digits: 4 | 8): string {
  const low = (hex[(value >>> 8) & 0xff] as string) + hex[value & 0xff];
  return digits === 4 ? low : (hex[value >>> 24] as string) + hex[(value >>> 16) & 0xff] + low;
}
