import type { Transaction } from "kysely";
import type { Database } from "../../../kit/sql/database.js";
import { addToOutbox } from "../../shared/outbox/outbox.js";
import { type Outcome, shareWork } from "../../shared/share-work.js";
import { currentTrace, nextTraceparent } from "../../shared/trace.js";
import type { Locked, OrderStore, TracedChange, Wanted } from "../app/ports.js";
import type { Order, OrderExecution } from "../domain/order.js";
import {
  changingColumns,
  type OrderSchema,
  toExecution,
  toOrder,
  toOrderRow,
  toSqlTime,
} from "./order-rows.js";
import { toOutboxRows } from "./outbox-rows.js";

/** Called after a commit, with what the orders were before. */
export type Committed = (changes: readonly TracedChange[], before: ReadonlyMap<string, Order>) => void;

interface Job {
  readonly wanted: Wanted;
  readonly decide: (locked: Locked) => readonly TracedChange[];
  /** Of who asks. */
  readonly traceparent: string;
}

interface Context {
  readonly database: Database<OrderSchema>;
  readonly committed: Committed;
}

/** In one transaction: more would hold up the others too long. */
const limit = 100;

/** One transaction at a time. */
export function createChange(context: Context): OrderStore["change"] {
  const changes = shareWork<Job, void>({ limit, work: (jobs) => runTogether(context, jobs) });
  return (wanted, decide) =>
    changes.run({ wanted, decide, traceparent: currentTrace()?.traceparent ?? nextTraceparent() });
}

async function runTogether({ database, committed }: Context, jobs: readonly Job[]): Promise<Outcome<void>[]> {
  const { changes, before, failures } = await database.transact(async (transaction) => {
    const locked = await lock(database, transaction, jobs);
    const before = new Map(locked.orders);
    const decided = decideAll(jobs, locked);
    await save(database, transaction, decided.changes);
    return { ...decided, before };
  });
  if (changes.length > 0) committed(changes, before);
  return jobs.map((job) => (failures.has(job) ? { error: failures.get(job) } : { value: undefined }));
}

interface Known {
  readonly orders: Map<string, Order>;
  readonly executions: Map<string, OrderExecution>;
}

async function lock(
  { dialect }: Database<OrderSchema>,
  transaction: Transaction<OrderSchema>,
  jobs: readonly Job[],
): Promise<Known> {
  const orderIds = [...new Set(jobs.flatMap(({ wanted }) => wanted.orderIds))];
  const executionIds = [...new Set(jobs.flatMap(({ wanted }) => wanted.executionIds ?? []))];
  const select = transaction.selectFrom("orders").selectAll().where("order_id", "in", orderIds);
  const orders = (await dialect.forUpdate(select).execute()).map(toOrder);
  const executions =
    executionIds.length === 0
      ? []
      : await transaction
          .selectFrom("executions")
          .select(["order_id", "execution_id", "quantity", "price"])
          .where("order_id", "in", orderIds)
          .where("execution_id", "in", executionIds)
          .execute();
  return {
    orders: new Map(orders.map((order) => [order.orderId, order])),
    executions: new Map(executions.map((row) => [keyOf(row.order_id, row.execution_id), toExecution(row)])),
  };
}

function keyOf(orderId: string, executionId: string): string {
  return `${orderId} ${executionId}`;
}

/** One after the other, each on what those before it have made. */
function decideAll(jobs: readonly Job[], { orders, executions }: Known) {
  const changes: TracedChange[] = [];
  const failures = new Map<Job, unknown>();
  const locked: Locked = {
    orders,
    execution: (orderId, executionId) => executions.get(keyOf(orderId, executionId)),
  };
  for (const job of jobs) {
    try {
      for (const change of job.decide(locked)) {
        const { order, execution } = change;
        orders.set(order.orderId, order);
        if (execution) executions.set(keyOf(order.orderId, execution.executionId), execution);
        changes.push({ traceparent: job.traceparent, ...change });
      }
    } catch (error) {
      failures.set(job, error);
    }
  }
  return { changes, failures };
}

async function save(
  { dialect }: Database<OrderSchema>,
  transaction: Transaction<OrderSchema>,
  changes: readonly TracedChange[],
): Promise<void> {
  if (changes.length === 0) return;
  // The last change of an order has its state.
  const orders = new Map(changes.map(({ order }) => [order.orderId, order]));
  const rows = [...orders.values()].map((order) => toOrderRow(dialect, order));
  await dialect
    .upsert(transaction.insertInto("orders").values(rows), ["order_id"], changingColumns)
    .execute();
  const executions = changes.flatMap(({ order, execution }) =>
    execution === undefined
      ? []
      : {
          order_id: order.orderId,
          execution_id: execution.executionId,
          quantity: execution.quantity,
          price: dialect.money(execution.price),
          recorded_at: toSqlTime(dialect, order.updatedAt),
        },
  );
  if (executions.length > 0) await transaction.insertInto("executions").values(executions).execute();
  const outbox = changes.flatMap(toOutboxRows);
  if (outbox.length > 0) await addToOutbox(transaction, outbox);
}
