import { isFinalStatus } from "../../../contracts/order-status.js";
import { announce, type Change, type Order } from "./order.js";

/** A message to the exchange that has no answer is sent again after this time, and then ever more rarely. */
const resendMs = 30_000;
const resendLimitMs = 3_600_000;
/** Between two attempts to give a reservation back. */
const releaseAgainMs = 10_000;

/** undefined: nothing changes. */
export type Decision = Change | undefined;

/** The wallet holds what the order needs: the exchange and everyone else may know of it. */
export function hold(order: Order, now: number): Decision {
  if (order.reservation !== "REQUESTED") return undefined;
  const held = announce({ ...order, reservation: "HELD", updatedAt: now, dueAt: now + resendMs });
  return { ...held, actions: order.cancelRequested ? ["NEW", "CANCEL"] : ["NEW"] };
}

/** The wallet said no: it holds nothing. */
export function refuse(order: Order, reason: string, now: number): Decision {
  return reject(order, { reason, reservation: "RELEASED", dueAt: null, updatedAt: now });
}

/** The wallet's answer is not known and will not be waited for: whatever it holds has to be given back. */
export function abandon(order: Order, now: number): Decision {
  const dueAt = now + releaseAgainMs;
  return reject(order, { reason: "WALLET_UNAVAILABLE", reservation: "RELEASING", dueAt, updatedAt: now });
}

function reject(order: Order, end: Pick<Order, "reason" | "reservation" | "dueAt" | "updatedAt">): Decision {
  if (order.reservation !== "REQUESTED") return undefined;
  return announce({ ...order, ...end, status: "REJECTED", cancelRequested: false });
}

/** The wallet has confirmed that it holds nothing. */
export function release(order: Order): Decision {
  return order.reservation === "RELEASING"
    ? { order: { ...order, reservation: "RELEASED", dueAt: null } }
    : undefined;
}

/** The wallet could not be asked to give the reservation back. */
export function postponeRelease(order: Order, now: number): Decision {
  return order.reservation === "RELEASING" ? { order: { ...order, dueAt: now + releaseAgainMs } } : undefined;
}

/** The owner wants it no more. While the wallet is being asked nothing is sent; hold will do it. */
export function requestCancel(order: Order, now: number): Decision {
  if (isFinalStatus(order.status) || order.cancelRequested) return undefined;
  const asked = { ...order, cancelRequested: true, updatedAt: now };
  return order.reservation === "HELD"
    ? { order: { ...asked, dueAt: now + resendMs }, actions: ["CANCEL"] }
    : { order: asked };
}

/**
 * What the exchange has not answered: each time after twice as long, so that its queue does not fill while it is away.
 */
export function sendAgain(order: Order, now: number): Decision {
  if (order.reservation !== "HELD" || isFinalStatus(order.status)) return undefined;
  const actions = [
    ...(order.acknowledged ? [] : (["NEW"] as const)),
    ...(order.cancelRequested ? (["CANCEL"] as const) : []),
  ];
  const wait = Math.min(Math.max(now - order.updatedAt, resendMs), resendLimitMs);
  return { order: { ...order, dueAt: actions.length > 0 ? now + wait : null }, actions };
}
