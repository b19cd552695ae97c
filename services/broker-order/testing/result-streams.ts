import { type Arbitrary, array, constantFrom, integer, tuple } from "fast-check";
import type { ResultMessage } from "../../../contracts/messages.js";
import { toMoney } from "../../../kit/money.js";
import { hold } from "../domain/lifecycle.js";
import { type Order, openOrder } from "../domain/order.js";

/** An order of 1,000 at R$ 40.00 that the exchange has. */
export function heldOrder(fields: Partial<Order> = {}): Order {
  const order = openOrder(
    {
      orderId: "order-1",
      userId: "user-1",
      ticker: "PETR4",
      side: "BUY",
      type: "LIMIT",
      timeInForce: "DAY",
      quantity: 1_000,
      price: toMoney(400_000),
      ...fields,
    },
    1_000,
  );
  const held = hold(order, 1_000)?.order;
  if (held === undefined) throw new Error("a new order can be held");
  return { ...held, ...fields };
}

/** All that the exchange may say of heldOrder, in its order, up to any point of the order's life. */
export const resultStreams: Arbitrary<ResultMessage[]> = tuple(
  array(tuple(integer({ min: 1, max: 400 }), integer({ min: 1, max: 40 })), { maxLength: 8 }),
  constantFrom("open", "CANCELLED", "EXPIRED", "REJECTED", "too late"),
).map(([fills, end]) => toStream(fills, end));

function toStream(
  fills: readonly (readonly [quantity: number, price: number])[],
  end: string,
): ResultMessage[] {
  const orderId = "order-1";
  const results: ResultMessage[] = [{ orderId, status: "ACCEPTED", orderSeq: 1, cumQuantity: 0 }];
  let cumQuantity = 0;
  for (const [index, [wanted, price]] of fills.entries()) {
    const executedQuantity = Math.min(wanted, 1_000 - cumQuantity);
    if (executedQuantity === 0) break;
    cumQuantity += executedQuantity;
    results.push({
      orderId,
      status: cumQuantity === 1_000 ? "FILLED" : "PARTIALLY_FILLED",
      orderSeq: results.length + 1,
      executionId: `execution-${index}`,
      executedPrice: price,
      executedQuantity,
      cumQuantity,
      leavesQuantity: 1_000 - cumQuantity,
    });
  }
  const orderSeq = results.length + 1;
  if (cumQuantity === 1_000 || end === "too late") {
    results.push({ orderId, status: "CANCEL_REJECTED", orderSeq, cumQuantity, reason: "TOO_LATE" });
  } else if (end !== "open") {
    const status = end as "CANCELLED" | "EXPIRED" | "REJECTED";
    results.push({ orderId, status, orderSeq, cumQuantity, leavesQuantity: 0, reason: "WHY" });
  }
  return results;
}
