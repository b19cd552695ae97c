import type { OrderEvent } from "../../../contracts/messages.js";
import { isFinalStatus } from "../../../contracts/order-status.js";
import { parseMoney } from "../../../kit/money.js";
import type { OrderNews } from "./commands.js";
import { Refusal } from "./refusal.js";

/**
 * What an order event means for the wallet; undefined: nothing. FILLED with a price and without the optional fields (a
 * series service) is one execution of the whole quantity, known as 'orderId:1'; any other final event without a count
 * says that nothing was executed.
 * @throws Refusal EVENT_MISMATCH, MoneyError
 */
export function readOrderNews(event: OrderEvent): OrderNews | undefined {
  const execution = readExecution(event);
  const final = isFinalStatus(event.status);
  if (execution === undefined && !final) return undefined;
  const { orderId, userId, ticker, side, quantity } = event;
  return {
    kind: "NEWS",
    orderId,
    terms: { userId, ticker, side, quantity },
    ...(execution === undefined ? {} : { execution }),
    ...(final ? { executedInAll: event.cumQuantity ?? (event.status === "FILLED" ? quantity : 0) } : {}),
  };
}

function readExecution(event: OrderEvent): OrderNews["execution"] {
  const { orderId, status, executedPrice, executionId, executedQuantity } = event;
  const wholeFill = status === "FILLED" && executedPrice !== null && executionId == null;
  if (executedQuantity === 0 || (executionId == null && !wholeFill && !executedQuantity)) return undefined;
  const quantity = executedQuantity ?? (status === "FILLED" ? event.quantity : undefined);
  if (
    executedPrice === null ||
    quantity === undefined ||
    (executionId == null && quantity !== event.quantity)
  ) {
    throw new Refusal("EVENT_MISMATCH", "an execution needs its id, price and quantity");
  }
  return { executionId: executionId ?? `${orderId}:1`, price: parseMoney(executedPrice), quantity };
}
