import type { OrderStatus } from "./fields.js";

const finalStatuses: readonly OrderStatus[] = ["FILLED", "REJECTED", "CANCELLED", "EXPIRED"];

/** Whether an order of this status changes no more (docs/order-flow.md). One that nobody knows is not final. */
export function isFinalStatus(status: string): boolean {
  return finalStatuses.some((final) => final === status);
}
