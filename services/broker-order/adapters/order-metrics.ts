import { addOrderRoundtripSeconds, addOrdersTotal, type Metrics } from "../../shared/metrics.js";
import type { Committed } from "./change-orders.js";

/** Counts what changes have made of orders. */
export function createOrderMetrics(metrics: Metrics): Committed {
  const orders = addOrdersTotal(metrics);
  const roundtrip = addOrderRoundtripSeconds(metrics);
  return (changes, before) => {
    const past = new Map(before);
    for (const { order, event } of changes) {
      const { status, recordedQuantity } = past.get(order.orderId) ?? order;
      past.set(order.orderId, order);
      if (event !== undefined && (order.version === 1 || order.status !== status)) {
        orders.inc({ status: order.status });
      }
      if (recordedQuantity === 0 && order.recordedQuantity > 0) {
        roundtrip.observe((order.updatedAt - order.createdAt) / 1_000);
      }
    }
  };
}
