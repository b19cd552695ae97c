import { notFound } from "../../shared/http/problem.js";
import { requestCancel } from "../domain/lifecycle.js";
import type { Order } from "../domain/order.js";
import { changeOrder } from "./change-order.js";
import type { OrderStore } from "./ports.js";

/** Of its owner; another's is not found. @throws Problem 404 */
export async function findOwn(store: OrderStore, orderId: string, userId: string): Promise<Order> {
  const order = await store.find(orderId);
  if (order?.userId !== userId) throw notFound("order");
  return order;
}

/**
 * Asks the exchange to cancel, once until it has answered; only its answer changes the status. An order that has ended
 * is given back as it is. @throws Problem 404
 */
export async function cancelOrder(store: OrderStore, orderId: string, userId: string): Promise<Order> {
  await findOwn(store, orderId, userId);
  const order = await changeOrder(store, orderId, (found) => requestCancel(found, Date.now()));
  if (order === undefined) throw notFound("order");
  return order;
}
