/** What is remembered of an order for the messages that name only its id. */
export interface KnownOrder {
  readonly shortId: string;
  side?: string;
  quantity?: unknown;
  ticker?: string;
  price?: unknown;
}

const remembered = 10_000;
const shortestId = 4;

/** The orders that passed lately: their terms, and ids short enough for a line that no other of them has. */
export class OrderMemory {
  readonly #orders = new Map<string, KnownOrder>();
  readonly #shortIds = new Map<string, string>();

  of(orderId: string): KnownOrder {
    const known = this.#orders.get(orderId);
    if (known !== undefined) return known;
    const order: KnownOrder = { shortId: this.#shorten(orderId) };
    this.#orders.set(orderId, order);
    this.#shortIds.set(order.shortId, orderId);
    const [oldest] = this.#orders;
    if (this.#orders.size > remembered && oldest !== undefined) {
      this.#orders.delete(oldest[0]);
      this.#shortIds.delete(oldest[1].shortId);
    }
    return order;
  }

  /** The end of it: ids that begin with a time begin alike. */
  #shorten(orderId: string): string {
    for (let length = shortestId; length < orderId.length; length += 1) {
      const shortId = orderId.slice(-length);
      const owner = this.#shortIds.get(shortId);
      if (owner === undefined || owner === orderId) return shortId;
    }
    return orderId;
  }
}
