import type { OrderBody } from "../../contracts/rest.js";

/** As an order service of the series says it, which leaves out what ours adds. */
export type OrderAnswer = Partial<OrderBody> &
  Pick<OrderBody, "orderId" | "userId" | "ticker" | "side" | "quantity" | "price" | "status"> & {
    /** In place of averagePrice. */
    readonly executedPrice?: number | null;
  };

/**
 * The whole order; what is absent means what it means in the series: a limit order of the day, filled whole or not at
 * all.
 */
export function readOrder({ executedPrice = null, ...answer }: OrderAnswer, nowMs = Date.now()): OrderBody {
  const { orderId, userId, ticker, side, quantity, price, status, updatedAt } = answer;
  const cumQuantity = answer.cumQuantity ?? (status === "FILLED" ? quantity : 0);
  const readAt = new Date(nowMs).toISOString();
  return {
    ...{ orderId, userId, ticker, side, quantity, price, status, cumQuantity },
    type: answer.type ?? "LIMIT",
    timeInForce: answer.timeInForce ?? "DAY",
    leavesQuantity: answer.leavesQuantity ?? quantity - cumQuantity,
    averagePrice: answer.averagePrice ?? executedPrice,
    reason: answer.reason ?? null,
    cancelRequested: answer.cancelRequested ?? false,
    createdAt: answer.createdAt ?? updatedAt ?? readAt,
    updatedAt: updatedAt ?? readAt,
  };
}
