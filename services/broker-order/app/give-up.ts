import { ServiceUnavailable } from "../../shared/http/client.js";
import { abandon, postponeRelease, release } from "../domain/lifecycle.js";
import type { Order } from "../domain/order.js";
import { changeOrder } from "./change-order.js";
import type { OrderStore, Wallet } from "./ports.js";

export interface GiveUpPorts {
  readonly store: OrderStore;
  readonly wallet: Wallet;
}

/**
 * Rejects an order whose reservation is in doubt and has the wallet give back what it may hold. Rejected first: from
 * then on nobody can hold it any more, and what the wallet still has is on record until it has confirmed.
 * @returns the order as it is then, which may be HELD by a faster attempt; undefined: there is none
 */
export async function giveUp(ports: GiveUpPorts, orderId: string): Promise<Order | undefined> {
  const now = Date.now();
  const order = await changeOrder(ports.store, orderId, (found) => abandon(found, now));
  await giveBack(ports, order, now);
  return order;
}

/** What is RELEASING, and nothing else. */
export async function giveBack(
  { store, wallet }: GiveUpPorts,
  order: Order | undefined,
  now: number,
): Promise<void> {
  if (order?.reservation !== "RELEASING") return;
  const { orderId } = order;
  try {
    await wallet.release(orderId);
  } catch (error) {
    if (!(error instanceof ServiceUnavailable)) throw error;
    await changeOrder(store, orderId, (found) => postponeRelease(found, now));
    return;
  }
  await changeOrder(store, orderId, release);
}
