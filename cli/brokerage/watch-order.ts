import { isFinalStatus } from "../../contracts/order-status.js";
import type { OrderBody } from "../../contracts/rest.js";
import type { Clock } from "../ready/clock.js";
import { type OrderAnswer, readOrder } from "./read-order.js";
import { demand } from "./rest.js";
import type { Session } from "./session.js";

export function isFinal({ status }: OrderBody): boolean {
  return isFinalStatus(status);
}

/** How long to wait before the next look: orders that fill do so at once, others may rest for hours. */
export function pauseAfter(elapsedMs: number): number {
  if (elapsedMs < 1_000) return 50;
  return elapsedMs < 10_000 ? 250 : 1_000;
}

/** @throws MybrokerError as demand */
export async function fetchOrder({ brokerage, token }: Session, orderId: string): Promise<OrderBody> {
  const url = `${brokerage.gateway}/api/v1/orders/${encodeURIComponent(orderId)}`;
  return readOrder(await demand<OrderAnswer>({ method: "GET", url, token }));
}

/** That the exchange has it, say, changes nothing that its owner sees. */
function saysTheSame(one: OrderBody, other: OrderBody): boolean {
  const seen = ({ status, cumQuantity, reason, cancelRequested }: OrderBody) =>
    JSON.stringify([status, cumQuantity, reason, cancelRequested]);
  return seen(one) === seen(other);
}

/** The order at each change, until it is final or the signal comes. */
export async function* watchOrder(
  session: Session,
  first: OrderBody,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<OrderBody> {
  const startedMs = clock.nowMs();
  let latest = first;
  yield latest;
  while (!isFinal(latest)) {
    await clock.sleep(pauseAfter(clock.nowMs() - startedMs), signal);
    if (signal.aborted) return;
    const next = await fetchOrder(session, first.orderId);
    if (saysTheSame(next, latest)) continue;
    latest = next;
    yield latest;
  }
}
