import type { ResultMessage } from "../../../contracts/messages.js";
import { MoneyError } from "../../../kit/money.js";
import { InvalidMessage } from "../../shared/messaging/messages.js";
import { readTrace } from "../../shared/trace.js";
import { applyResult, Contradiction } from "../domain/apply-result.js";
import type { Order, OrderExecution } from "../domain/order.js";
import type { Locked, OrderStore, TracedChange } from "./ports.js";

interface Result {
  readonly body: ResultMessage;
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * Applies a batch of the exchange's results, all in one transaction.
 * @throws InvalidMessage for the first that can never be true; then nothing of the batch is applied
 */
export async function applyResults(store: OrderStore, batch: readonly Result[]): Promise<void> {
  const orderIds = [...new Set(batch.map(({ body }) => body.orderId))];
  const executionIds = [...new Set(batch.flatMap(({ body }) => executionIdOf(body)))];
  await store.change({ orderIds, executionIds }, (locked) => applyAll(locked, batch));
}

function executionIdOf({ executionId, orderId, status }: ResultMessage): string[] {
  if (executionId) return [executionId];
  return status === "FILLED" ? [`${orderId}:1`] : [];
}

function applyAll(locked: Locked, batch: readonly Result[]): TracedChange[] {
  const orders = new Map<string, Order>(locked.orders);
  const added = new Map<string, OrderExecution>();
  const changes: TracedChange[] = [];
  for (const result of batch) {
    const { orderId } = result.body;
    const order = orders.get(orderId);
    if (order === undefined) throw new InvalidMessage(result, "the order is not known");
    const find = (id: string) => added.get(`${orderId} ${id}`) ?? locked.execution(orderId, id);
    const change = applyOne(result, order, find);
    if (change.order === order) continue;
    orders.set(orderId, change.order);
    if (change.execution) added.set(`${orderId} ${change.execution.executionId}`, change.execution);
    changes.push({ ...change, ...traceOf(result, change) });
  }
  return changes;
}

function applyOne(result: Result, order: Order, find: (id: string) => OrderExecution | undefined) {
  try {
    return applyResult(order, find, { result: result.body, now: Date.now() });
  } catch (error) {
    if (!(error instanceof Contradiction || error instanceof MoneyError)) throw error;
    throw new InvalidMessage(result, error.message);
  }
}

function traceOf({ headers }: Result, { event }: TracedChange): { traceparent?: string } {
  return event === undefined ? {} : { traceparent: readTrace(headers).traceparent };
}
