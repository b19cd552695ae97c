import type { OrderStatus, OrderType, ResultStatus, Side, TimeInForce } from "../../../contracts/fields.js";
import type { Instrument } from "../../../kit/instruments.js";
import type { Ids } from "./make-ids.js";
import type { Step } from "./timeline.js";
import type { Held, Wallet } from "./wallet.js";

export interface Terms {
  readonly user: Wallet;
  readonly instrument: Instrument;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly quantity: number;
  readonly price: number;
}

export interface Execution {
  readonly executionId: string;
  readonly price: number;
  readonly quantity: number;
  readonly recordedMs: number;
}

/** An order as the order service, the wallet and the exchange have it. */
export interface Order extends Terms, Held {
  readonly placedMs: number;
  /** Its place at the exchange; undefined: the wallet refused it, and the exchange never heard of it. */
  readonly booked: { readonly sequence: number; readonly sessionDate: string | null } | undefined;
  status: OrderStatus;
  reason: string | null;
  executed: number;
  readonly executions: Execution[];
  /** Of the last result, and of the one that the status comes from. */
  resultSeq: number;
  statusSeq: number;
  /** Of the last event, with what it told. */
  version: number;
  toldMs: number;
  toldPrice: number | null;
  updatedMs: number;
}

export interface Command {
  readonly sequence: number;
  readonly kind: "NEW" | "CANCEL";
  readonly orderId: string;
  readonly atMs: number;
}

/** What the exchange told about an order. */
export interface Result {
  readonly id: number;
  readonly orderId: string;
  readonly orderSeq: number;
  readonly sequence: number;
  readonly status: ResultStatus;
  readonly reason: string | null;
  readonly executionId: string | null;
  readonly counterOrderId: string | null;
  readonly price: number | null;
  readonly quantity: number | null;
  readonly executed: number;
  readonly leaves: number;
  readonly atMs: number;
}

export function isOpen({ status }: Order): boolean {
  return status === "PENDING" || status === "PARTIALLY_FILLED";
}

/** Shares that are still to be executed; 0 of an order that is final. */
export function leavesOf(order: Order): number {
  return isOpen(order) ? order.quantity - order.executed : 0;
}

type Outcome = Pick<Result, "status"> & Partial<Pick<Result, "reason" | "executionId" | "counterOrderId">>;

/**
 * What the orders of a pair of users leave in all three services, step by step (docs/order-flow.md). What a step does
 * is the exchange's answer to one command.
 */
export class Desk {
  readonly orders: Order[] = [];
  readonly commands: Command[] = [];
  readonly results: Result[] = [];
  readonly #ids: Ids;
  #step: Step;
  #results = 0;
  #executions = 0;

  constructor(ids: Ids, first: Step) {
    this.#ids = ids;
    this.#step = first;
  }

  get step(): Step {
    return this.#step;
  }

  begin(step: Step): void {
    this.#step = step;
    this.#results = 0;
    this.#executions = 0;
  }

  /** The wallet holds what it needs and the exchange takes it. */
  place(terms: Terms): Order {
    const order = this.#send(terms, this.#step.sessionDate);
    this.#tell(order, { status: "ACCEPTED" });
    return order;
  }

  /** The exchange does not take it: its session is over. */
  placeRefused(terms: Terms): void {
    this.end(this.#send(terms, null), "REJECTED", "SESSION_CLOSED");
  }

  /** The wallet has not what it needs. */
  placeUncovered(terms: Terms): void {
    const order = this.#open(terms, undefined);
    order.status = "REJECTED";
    order.reason = terms.side === "BUY" ? "NO_FUNDS" : "NO_SHARES";
  }

  /** Against the liquidity provider. */
  fill(order: Order, quantity: number, price: number): void {
    this.#execute(order, null, { executionId: this.#nextExecution(), quantity, price });
  }

  /** At the maker's price. */
  cross(taker: Order, maker: Order, quantity: number): void {
    const trade = { executionId: this.#nextExecution(), quantity, price: maker.price };
    this.#execute(taker, maker, trade);
    this.#execute(maker, taker, trade);
  }

  cancel(order: Order): void {
    this.#command("CANCEL", order.orderId);
    this.end(order, "CANCELLED");
  }

  end(order: Order, status: "REJECTED" | "CANCELLED" | "EXPIRED", reason?: string): void {
    const left = order.quantity - order.executed;
    order.status = status;
    this.#tell(order, { status, reason: reason ?? null });
    order.reason = reason ?? null;
    this.#announce(order, null);
    order.user.release(order, left, this.#step.settledMs);
  }

  /** Expires what still rests. */
  endSession(end: () => Step): void {
    const resting = this.orders.filter(isOpen);
    if (resting.length > 0) this.begin(end());
    for (const order of resting) this.end(order, "EXPIRED", "SESSION_END");
  }

  #send(terms: Terms, sessionDate: string | null): Order {
    const order = this.#open(terms, { sequence: this.#step.sequence, sessionDate });
    order.user.reserve(order, order.quantity, this.#step.heldMs);
    this.#command("NEW", order.orderId);
    return order;
  }

  #open(terms: Terms, booked: Order["booked"]): Order {
    const { placedMs, heldMs } = this.#step;
    const { user, instrument, side, type, timeInForce, quantity, price } = terms;
    // Without spreading, which takes ten times as long: there are many.
    const order: Order = {
      user,
      instrument,
      side,
      type,
      timeInForce,
      quantity,
      price,
      orderId: this.#ids.format(placedMs, this.#ids.next()),
      placedMs,
      booked,
      status: "PENDING",
      reason: null,
      executed: 0,
      executions: [],
      resultSeq: 0,
      statusSeq: 0,
      version: 1,
      toldMs: heldMs,
      toldPrice: null,
      updatedMs: heldMs,
    };
    this.orders.push(order);
    return order;
  }

  #command(kind: Command["kind"], orderId: string): void {
    const { sequence, matchedMs } = this.#step;
    this.commands.push({ sequence, kind, orderId, atMs: matchedMs });
  }

  #nextExecution(): string {
    this.#executions += 1;
    return `${this.#step.sequence}-${this.#executions}`;
  }

  #execute(order: Order, counter: Order | null, trade: Omit<Execution, "recordedMs">): void {
    const { executionId, price, quantity } = trade;
    order.executed += quantity;
    order.status = order.executed === order.quantity ? "FILLED" : "PARTIALLY_FILLED";
    const counterOrderId = counter === null ? null : counter.orderId;
    this.#tell(order, { status: order.status, executionId, counterOrderId }, trade);
    order.executions.push({ executionId, price, quantity, recordedMs: this.#step.recordedMs });
    this.#announce(order, price);
    order.user.settle(order, { executionId, price, quantity }, this.#step.settledMs);
  }

  #tell(order: Order, outcome: Outcome, trade?: { readonly price: number; readonly quantity: number }): void {
    const { sequence, firstResultId, matchedMs, recordedMs } = this.#step;
    order.resultSeq += 1;
    order.updatedMs = recordedMs;
    this.results.push({
      status: outcome.status,
      reason: outcome.reason ?? null,
      executionId: outcome.executionId ?? null,
      counterOrderId: outcome.counterOrderId ?? null,
      id: firstResultId + this.#results++,
      orderId: order.orderId,
      orderSeq: order.resultSeq,
      sequence,
      price: trade?.price ?? null,
      quantity: trade?.quantity ?? null,
      executed: order.executed,
      leaves: leavesOf(order),
      atMs: matchedMs,
    });
  }

  /** A new status or an execution, as an event tells it. */
  #announce(order: Order, price: number | null): void {
    order.statusSeq = order.resultSeq;
    order.version += 1;
    order.toldMs = order.updatedMs;
    order.toldPrice = price;
  }
}
