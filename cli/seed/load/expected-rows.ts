import type { SeedPart } from "../world/parts.js";
import type { World } from "../world/world.js";

/** About how many rows a part has, for a bar: the numbers of a kind are the same share of each data set. */
export function expectRows(part: SeedPart, { users, orders, ticks }: World["counts"]): number {
  const expected: Readonly<Partial<Record<SeedPart, number>>> = {
    identity: users,
    wallet: 10.6 * users + 3.5 * orders,
    order: 1.7 * orders,
    exchange: 3.9 * orders,
    "market-data": ticks,
    report: users + 3.5 * orders + ticks,
  };
  return Math.round(expected[part] ?? 50);
}
