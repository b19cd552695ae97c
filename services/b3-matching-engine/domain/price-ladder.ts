import type { Side } from "../../../contracts/fields.js";
import type { Money } from "../../../kit/money.js";
import type { Order } from "./commands.js";

/** An order's place in the line at its price. */
export interface Resting {
  readonly order: Order;
  readonly level: Level;
  before: Resting | null;
  after: Resting | null;
}

export interface Level {
  readonly price: Money;
  /** Higher is better, on both sides. */
  readonly rank: number;
  quantity: number;
  orders: number;
  first: Resting | null;
  last: Resting | null;
}

/** One side of a book: its prices, each with a line of orders. */
export class PriceLadder {
  /** The best is the last, where arrays grow and shrink for nothing. */
  readonly #levels: Level[] = [];
  readonly #sign: 1 | -1;

  constructor(side: Side) {
    this.#sign = side === "BUY" ? 1 : -1;
  }

  get best(): Level | undefined {
    return this.#levels[this.#levels.length - 1];
  }

  /** Best first. */
  *levels(): Generator<Level> {
    for (let index = this.#levels.length - 1; index >= 0; index -= 1) yield this.#levels[index] as Level;
  }

  /** Puts an order at the end of the line at its price. */
  add(order: Order, price: Money): Resting {
    const level = this.#findOrMake(price);
    const resting: Resting = { order, level, before: level.last, after: null };
    if (level.last === null) level.first = resting;
    else level.last.after = resting;
    level.last = resting;
    level.quantity += order.leavesQuantity;
    level.orders += 1;
    return resting;
  }

  /** Takes an order out of its line; its leavesQuantity must still be what the level counts. */
  remove({ order, level, before, after }: Resting): void {
    if (before === null) level.first = after;
    else before.after = after;
    if (after === null) level.last = before;
    else after.before = before;
    level.quantity -= order.leavesQuantity;
    level.orders -= 1;
    if (level.orders === 0) this.#levels.splice(this.#indexOf(level.rank), 1);
  }

  #findOrMake(price: Money): Level {
    const rank = price * this.#sign;
    const index = this.#indexOf(rank);
    const found = this.#levels[index];
    if (found !== undefined && found.rank === rank) return found;
    const made: Level = { price, rank, quantity: 0, orders: 0, first: null, last: null };
    this.#levels.splice(index, 0, made);
    return made;
  }

  /** Of the level with this rank, or of the place for it. */
  #indexOf(rank: number): number {
    let from = 0;
    let to = this.#levels.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#levels[middle] as Level).rank < rank) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
