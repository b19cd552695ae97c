import { setImmediate } from "node:timers/promises";
import type { Transaction } from "kysely";
import { isOutage } from "../../../kit/outage.js";
import type { Database } from "../../../kit/sql/database.js";
import { addToOutbox } from "../../shared/outbox/outbox.js";
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
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Context {
  readonly database: Database<OrderSchema>;
  readonly committed: Committed;
}

/** In one transaction: more would hold up the others too long. */
const limit = 100;

/** One transaction at a time: whoever asks meanwhile shares the next one, so that a busy service commits less often. */
export function createChange(context: Context): OrderStore["change"] {
  const waiting: Job[] = [];
  let isRunning = false;
  const run = async () => {
    isRunning = true;
    while (waiting.length > 0) {
      // What comes within this turn of the event loop goes along: on SQLite nothing can come during a transaction.
      await setImmediate();
      await runJobs(context, waiting.splice(0, limit));
    }
    isRunning = false;
  };
  return (wanted, decide) =>
    new Promise((resolve, reject) => {
      const traceparent = currentTrace()?.traceparent ?? nextTraceparent();
      waiting.push({ wanted, decide, traceparent, resolve, reject });
      if (!isRunning) void run();
    });
}

/** Never rejects. Where something is wrong with one of them the others must not suffer, so each gets its own. */
async function runJobs(context: Context, jobs: readonly Job[]): Promise<void> {
  try {
    await runTogether(context, jobs);
  } catch (error) {
    if (jobs.length === 1 || isOutage(error)) for (const { reject } of jobs) reject(error);
    else for (const job of jobs) await runJobs(context, [job]);
  }
}

async function runTogether({ database, committed }: Context, jobs: readonly Job[]): Promise<void> {
  const { changes, before, failures } = await database.transact(async (transaction) => {
    const locked = await lock(database, transaction, jobs);
    const before = new Map(locked.orders);
    const decided = decideAll(jobs, locked);
    await save(database, transaction, decided.changes);
    return { ...decided, before };
  });
  if (changes.length > 0) committed(changes, before);
  for (const job of jobs) {
    if (failures.has(job)) job.reject(failures.get(job));
    else job.resolve();
  }
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
