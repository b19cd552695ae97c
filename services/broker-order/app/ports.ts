import type { OrderStatus } from "../../../contracts/fields.js";
import type { Asset } from "../../../contracts/rest.js";
import type { Money } from "../../../kit/money.js";
import type { Change, Order, OrderExecution } from "../domain/order.js";

/** Orders as they are stored and locked, with those of the wanted executions that are recorded. */
export interface Locked {
  readonly orders: ReadonlyMap<string, Order>;
  execution(orderId: string, executionId: string): OrderExecution | undefined;
}

export interface Wanted {
  readonly orderIds: readonly string[];
  readonly executionIds?: readonly string[];
}

/** A change with the trace that it belongs to; without one that of the request at hand. */
export type TracedChange = Change & { readonly traceparent?: string };

export interface OrderStore {
  find(orderId: string): Promise<Order | undefined>;
  /** Newest first. */
  list(query: OrderQuery): Promise<Order[]>;
  /** Whose dueAt has passed, the longest due first. */
  listDue(now: number, limit: number): Promise<string[]>;
  /**
   * Locks the orders, lets `decide` say what happens to them (several changes of one order in their sequence; of an
   * order that is not there: that it is) and stores it with all that is to be published, in one transaction. `decide`
   * may be called more than once and must be pure; what it throws leaves everything as it was.
   */
  change(wanted: Wanted, decide: (locked: Locked) => readonly TracedChange[]): Promise<void>;
}

export interface OrderQuery {
  readonly userId: string;
  readonly status?: OrderStatus;
  readonly ticker?: string;
  /** Only orders older than this one. */
  readonly before: string | undefined;
  readonly limit: number;
}

export type ReserveAnswer =
  | { readonly held: true }
  /** `code` is the wallet's, such as NO_FUNDS. */
  | { readonly held: false; readonly code: string; readonly title: string };

export interface Wallet {
  /** @throws ServiceUnavailable: whether it holds is not known */
  reserve(order: Order): Promise<ReserveAnswer>;
  /** Whatever it holds for this order, or would hold later. @throws ServiceUnavailable */
  release(orderId: string): Promise<void>;
}

export interface Assets {
  /** With the user's own token; undefined: no such ticker. @throws Problem 503 ASSET_UNAVAILABLE */
  find(ticker: string, token: string): Promise<Asset | undefined>;
  /** The last known price; undefined: none. @throws Problem 503 ASSET_UNAVAILABLE */
  findPrice(ticker: string, token: string): Promise<Money | undefined>;
}
