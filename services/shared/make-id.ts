import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";

const idBytes = 16;
const random = Buffer.alloc(256 * idBytes);
let used = random.length;
let lastMs = 0;
let sequence = 0;

/**
 * A UUID of version 7: lower case, ascending within the process, unless its clock is set back. Takes its randomness
 * from a supply: what uuid does by itself is a system call for each, of which an order takes about ten.
 */
export function makeId(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const bytes = random.subarray(used, used + idBytes);
  used += idBytes;
  const msecs = Date.now();
  // 31 random bits to begin with leave room in the 32 of the field for all ids of a millisecond.
  sequence = msecs === lastMs ? sequence + 1 : bytes.readUInt32BE() >>> 1;
  lastMs = msecs;
  return v7({ msecs, seq: sequence, random: bytes });
}
