import type { OrderStatus, OrderType, Side, TimeInForce } from "../../../contracts/fields.js";
import type { OrderEvent } from "../../../contracts/messages.js";
import { isFinalStatus } from "../../../contracts/order-status.js";
import type { OrderBody } from "../../../contracts/rest.js";
import { type Money, noMoney, toMoney, toPayload } from "../../../kit/money.js";

/**
 * What the wallet holds for an order. REQUESTED: unknown, so nothing may be published. HELD: the order is the
 * exchange's. RELEASING: it may hold something that has to be given back. RELEASED: it holds nothing.
 */
export type ReservationState = "REQUESTED" | "HELD" | "RELEASING" | "RELEASED";

/** Times are ms since 1970. */
export interface Order {
  readonly orderId: string;
  readonly userId: string;
  readonly ticker: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly quantity: number;
  /** The limit; of a MARKET order its protection price. */
  readonly price: Money;
  readonly status: OrderStatus;
  readonly reservation: ReservationState;
  /** Shares executed as far as the exchange has told: may be ahead of what is recorded while a result is late. */
  readonly cumQuantity: number;
  /** Sums of the executions that are recorded. */
  readonly recordedQuantity: number;
  readonly recordedAmount: Money;
  /** orderSeq of the result that `status` comes from; 0 before the first. */
  readonly statusSeq: number;
  /** Of the last event. */
  readonly version: number;
  /** The exchange has answered. */
  readonly acknowledged: boolean;
  readonly cancelRequested: boolean;
  readonly reason: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When the sweeper has to look at it; null: never. */
  readonly dueAt: number | null;
}

export interface OrderExecution {
  readonly executionId: string;
  readonly price: Money;
  readonly quantity: number;
}

/** What happened to an order: its new state and all that has to be stored or sent with it, in one transaction. */
export interface Change {
  readonly order: Order;
  readonly event?: Omit<OrderEvent, "eventId">;
  readonly actions?: readonly ("NEW" | "CANCEL")[];
  readonly execution?: OrderExecution;
}

/** Shares that may still be executed. */
export function leavesQuantity({ status, quantity, cumQuantity }: Order): number {
  return isFinalStatus(status) ? 0 : quantity - cumQuantity;
}

/** The next state with its event, one version on. */
export function announce(order: Order, execution?: OrderExecution): Change {
  const next = { ...order, version: order.version + 1 };
  return {
    order: next,
    event: toEvent(next, execution),
    ...(execution === undefined ? {} : { execution }),
  };
}

function toEvent(order: Order, execution: OrderExecution | undefined): Omit<OrderEvent, "eventId"> {
  const { orderId, userId, ticker, quantity, side, status, version, type, timeInForce } = order;
  return {
    ...{ orderId, userId, ticker, quantity, side, status, version, type, timeInForce },
    price: toPayload(order.price),
    executedPrice: execution === undefined ? null : toPayload(execution.price),
    eventTimestamp: new Date(order.updatedAt).toISOString(),
    executionId: execution?.executionId ?? null,
    executedQuantity: execution?.quantity ?? null,
    cumQuantity: order.cumQuantity,
    leavesQuantity: leavesQuantity(order),
    reason: order.reason,
  };
}

/** As its owner sees it. */
export function toOrderBody(order: Order): OrderBody {
  const { orderId, userId, ticker, side, type, timeInForce, quantity, status, cumQuantity } = order;
  return {
    ...{ orderId, userId, ticker, side, type, timeInForce, quantity, status, cumQuantity },
    price: toPayload(order.price),
    leavesQuantity: leavesQuantity(order),
    averagePrice: order.recordedQuantity === 0 ? null : toPayload(averagePrice(order)),
    reason: order.reason,
    cancelRequested: order.cancelRequested,
    createdAt: new Date(order.createdAt).toISOString(),
    updatedAt: new Date(order.updatedAt).toISOString(),
  };
}

/** To the nearest 1/10000 BRL, halves up. */
function averagePrice({ recordedAmount, recordedQuantity }: Order): Money {
  const quantity = BigInt(recordedQuantity);
  return toMoney((BigInt(recordedAmount) * 2n + quantity) / (quantity * 2n));
}

/** An order that was checked, before the wallet is asked. */
export function openOrder(
  wish: Pick<Order, "orderId" | "userId" | "ticker" | "side" | "type" | "timeInForce" | "quantity" | "price">,
  now: number,
): Order {
  return {
    ...wish,
    status: "PENDING",
    reservation: "REQUESTED",
    cumQuantity: 0,
    recordedQuantity: 0,
    recordedAmount: noMoney,
    statusSeq: 0,
    version: 0,
    acknowledged: false,
    cancelRequested: false,
    reason: null,
    createdAt: now,
    updatedAt: now,
    dueAt: now + requestedLimitMs,
  };
}

/** After it the answer of the wallet is not waited for any more: longer than any request to it may take. */
export const requestedLimitMs = 15_000;
