import type { OrderStatus } from "../../../contracts/fields.js";
import type { ResultMessage } from "../../../contracts/messages.js";
import { isFinalStatus } from "../../../contracts/order-status.js";
import { addMoney, type Money, multiplyMoney, parseMoney } from "../../../kit/money.js";
import { announce, type Change, type Order, type OrderExecution } from "./order.js";

/** A result that cannot be true of its order, whatever comes later. */
export class Contradiction extends Error {}

/**
 * What a result of the exchange makes of an order. Each result counts once, in whatever order they come: an execution
 * by its executionId, a status by its orderSeq (only one that is higher than those seen).
 * @param known the execution with that id, where it is recorded already
 * @throws Contradiction or MoneyError: nothing of the result counts
 */
export function applyResult(
  order: Order,
  known: (executionId: string) => OrderExecution | undefined,
  { result, now }: { readonly result: ResultMessage; readonly now: number },
): Change {
  if (order.reservation !== "HELD") throw new Contradiction("the order was never sent to an exchange");
  const execution = newExecution(order, known, result);
  const recordedQuantity = order.recordedQuantity + (execution?.quantity ?? 0);
  const cumQuantity = countExecuted(order, recordedQuantity, result);
  const status = nextStatus(order, result);
  const cancelRequested =
    order.cancelRequested && result.status !== "CANCEL_REJECTED" && !isFinalStatus(status.status);
  const next: Order = {
    ...order,
    ...status,
    cumQuantity,
    recordedQuantity,
    recordedAmount: execution === undefined ? order.recordedAmount : addExecution(order, execution),
    acknowledged: true,
    cancelRequested,
    updatedAt: now,
    dueAt: cancelRequested ? order.dueAt : null,
  };
  // A reader who is told PENDING twice may hold twice: an event goes out for what it can show, and for nothing else.
  if (execution !== undefined || status.status !== order.status) return announce(next, execution);
  const same =
    order.acknowledged &&
    cancelRequested === order.cancelRequested &&
    cumQuantity === order.cumQuantity &&
    status.statusSeq === order.statusSeq;
  return { order: same ? order : next };
}

function addExecution(order: Order, { price, quantity }: OrderExecution): Money {
  return addMoney(order.recordedAmount, multiplyMoney(price, quantity));
}

/** A simple exchange fills an order whole and gives the execution no id. */
function readExecution({ orderId, quantity }: Order, result: ResultMessage): OrderExecution | undefined {
  const { executionId, executedPrice, executedQuantity } = result;
  const whole = result.status === "FILLED" && !executionId;
  if (!whole && (!executionId || !executedQuantity)) {
    if (result.status !== "PARTIALLY_FILLED" && result.status !== "FILLED") return undefined;
    throw new Contradiction("a fill without executionId and executedQuantity");
  }
  if (executedPrice == null) throw new Contradiction("an execution without executedPrice");
  if (whole && (executedQuantity || quantity) !== quantity) {
    throw new Contradiction("a part of the order filled without executionId");
  }
  return {
    executionId: executionId || `${orderId}:1`,
    price: parseMoney(executedPrice),
    quantity: executedQuantity || quantity,
  };
}

function newExecution(
  order: Order,
  known: (executionId: string) => OrderExecution | undefined,
  result: ResultMessage,
): OrderExecution | undefined {
  const execution = readExecution(order, result);
  if (execution === undefined) return undefined;
  const past = known(execution.executionId);
  if (past !== undefined) {
    if (past.price === execution.price && past.quantity === execution.quantity) return undefined;
    throw new Contradiction("an execution that is recorded with another price or quantity");
  }
  const worse = order.side === "BUY" ? execution.price > order.price : execution.price < order.price;
  if (worse) throw new Contradiction("an execution at a price worse than the order's");
  return execution;
}

/** Executed in all, by the exchange's word where it is ahead of what is recorded. */
function countExecuted(order: Order, recordedQuantity: number, result: ResultMessage): number {
  const told = result.cumQuantity ?? (result.status === "FILLED" ? order.quantity : undefined);
  const cumQuantity = Math.max(order.cumQuantity, recordedQuantity, told ?? 0);
  if (cumQuantity > order.quantity) throw new Contradiction("more is executed than was ordered");
  if (isFinalStatus(order.status) && cumQuantity > order.cumQuantity) {
    throw new Contradiction("more is executed than when the order ended");
  }
  if (isFinalStatus(result.status) && told !== undefined && told < cumQuantity) {
    throw new Contradiction("less is executed than is recorded");
  }
  if (result.status === "FILLED" && told !== order.quantity) {
    throw new Contradiction("FILLED with less than was ordered");
  }
  return cumQuantity;
}

function nextStatus(
  order: Order,
  { status, orderSeq, reason }: ResultMessage,
): Pick<Order, "status" | "statusSeq" | "reason"> {
  const past = { status: order.status, statusSeq: order.statusSeq, reason: order.reason };
  if (status === "ACCEPTED" || status === "CANCEL_REJECTED") return past;
  const repeated = status === order.status || (isFinalStatus(order.status) && !isFinalStatus(status));
  // Without orderSeq: in the order of their coming.
  const statusSeq = orderSeq ?? (repeated ? 0 : order.statusSeq + 1);
  if (statusSeq < order.statusSeq || (statusSeq === order.statusSeq && status === order.status)) return past;
  if (statusSeq === order.statusSeq || isFinalStatus(order.status)) {
    throw new Contradiction(`${status} after ${order.status}`);
  }
  return { status: status as OrderStatus, statusSeq, reason: reason ?? null };
}
