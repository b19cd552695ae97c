import type { Decision } from "../domain/lifecycle.js";
import type { Order } from "../domain/order.js";
import type { OrderStore } from "./ports.js";

/** Decides on one order, locked; gives it back as it is then. undefined: there is none. */
export async function changeOrder(
  store: OrderStore,
  orderId: string,
  decide: (order: Order) => Decision,
): Promise<Order | undefined> {
  let now: Order | undefined;
  await store.change({ orderIds: [orderId] }, ({ orders }) => {
    const order = orders.get(orderId);
    const change = order && decide(order);
    now = change?.order ?? order;
    return change === undefined ? [] : [change];
  });
  return now;
}

/** Stores a new one. */
export async function insertOrder(store: OrderStore, order: Order): Promise<void> {
  await store.change({ orderIds: [order.orderId] }, ({ orders }) =>
    orders.has(order.orderId) ? [] : [{ order }],
  );
}
