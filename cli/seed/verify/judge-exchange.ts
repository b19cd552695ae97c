import { type Findings, type Pair, places, showMoney } from "./finding.js";
import type { BookedRow, ResultRow } from "./sources.js";

/** What the exchange told of an order: the word that everybody else is held to. */
export interface Told {
  readonly status: string;
  readonly reason: string | null;
  /** orderSeq of the result that the status comes from; 0: none has changed it. */
  readonly statusSeq: number;
  readonly executed: number;
  readonly executions: ReadonlyMap<string, ResultRow>;
}

/** Its results, added up. */
export function readTold(results: readonly ResultRow[]): Told {
  let [status, statusSeq, executed] = ["PENDING", 0, 0];
  let reason: string | null = null;
  const executions = new Map<string, ResultRow>();
  for (const result of results) {
    if (changesStatus(result)) [status, reason, statusSeq] = [result.status, result.reason, result.order_seq];
    if (result.execution_id === null || executions.has(result.execution_id)) continue;
    executions.set(result.execution_id, result);
    executed += result.quantity ?? 0;
  }
  return { status, reason, statusSeq, executed, executions };
}

function changesStatus({ status }: ResultRow): boolean {
  return status !== "ACCEPTED" && status !== "CANCEL_REJECTED";
}

const openStatuses: readonly string[] = ["PENDING", "ACCEPTED", "PARTIALLY_FILLED"];

export function isFinal(status: string): boolean {
  return !openStatuses.includes(status);
}

/** An order and its results are written in one transaction, so that they always fit. */
export function judgeExchange(
  orderId: string,
  order: BookedRow | undefined,
  all: readonly ResultRow[],
  findings: Findings,
): void {
  const results = all.filter((result, index) => result.order_seq !== all[index - 1]?.order_seq);
  if (order === undefined) {
    const row = { place: places.booked, key: orderId, certainty: "sure" } as const;
    if (results.length > 0)
      findings.add(row, "missing", `is missing, and the exchange has ${results.length} results of it`);
    return;
  }
  judgeResults(order, results, findings);
  const told = readTold(results);
  const last = results.at(-1)?.order_seq ?? 0;
  // What is told of an order that has ended (CANCEL_REJECTED) changes nothing of it.
  const seq = order.order_seq >= told.statusSeq && order.order_seq <= last ? order.order_seq : last;
  findings.compare({ place: places.booked, key: orderId, certainty: "sure" }, "the sum of its results", [
    ["status", order.status, told.status],
    ["cum_quantity", order.cum_quantity, told.executed],
    ["leaves_quantity", order.leaves_quantity, leavesOf(order, told.status, told.executed)],
    ["order_seq", order.order_seq, seq],
  ]);
}

function leavesOf(order: BookedRow, status: string, executed: number): number {
  return isFinal(status) ? 0 : (order.quantity ?? 0) - executed;
}

function judgeResults(order: BookedRow, results: readonly ResultRow[], findings: Findings): void {
  let executed = 0;
  let before = 0;
  const seen = new Set<string>();
  for (const result of results) {
    const key = `${result.order_id} ${result.order_seq}`;
    const row = { place: places.results, key, certainty: "sure" } as const;
    executed += result.quantity ?? 0;
    const pairs: Pair[] = [
      ["order_seq", result.order_seq, before + 1],
      ["cum_quantity", result.cum_quantity, executed],
    ];
    if (result.status !== "CANCEL_REJECTED")
      pairs.push(["leaves_quantity", result.leaves_quantity, leavesOf(order, result.status, executed)]);
    const filled = result.execution_id !== null;
    const fill = executed === order.quantity ? "FILLED" : "PARTIALLY_FILLED";
    if (filled || result.status.endsWith("FILLED"))
      pairs.push(["status", result.status, filled ? fill : "ACCEPTED"]);
    findings.compare(row, "what came before it", pairs);
    before = result.order_seq;
    if (result.execution_id === null) {
      if (result.quantity !== null) findings.add(row, "execution_id", "has a quantity and no execution_id");
      continue;
    }
    if (seen.has(result.execution_id))
      findings.add(row, "twice", `execution ${result.execution_id} is there twice`);
    seen.add(result.execution_id);
    judgeExecution(order, result, findings);
  }
}

/** Not worse than its limit, and the same on its other side. */
function judgeExecution(order: BookedRow, result: ResultRow, findings: Findings): void {
  const key = `${result.order_id} ${result.order_seq}`;
  const row = { place: places.results, key, certainty: "sure" } as const;
  const limit = order.price;
  const { price, counter_order_id, counter_of_counter } = result;
  if (price === null || limit === null || (order.side === "BUY" ? price > limit : price < limit))
    findings.add(
      row,
      "limit",
      `executed_price ${showMoney(price)} is worse than the limit of ${showMoney(limit)}`,
    );
  if (counter_order_id === null) return;
  if (counter_of_counter === null && result.counter_price === null) {
    findings.add(
      row,
      "counter_order_id",
      `the other side of execution ${result.execution_id}, order ${counter_order_id}, is missing`,
    );
    return;
  }
  findings.compare(row, `the other side of execution ${result.execution_id}`, [
    ["order_id", result.order_id, counter_of_counter],
    ["side", order.side, result.counter_side === "BUY" ? "SELL" : "BUY"],
    ["$executed_price", price, result.counter_price],
    ["executed_quantity", result.quantity, result.counter_quantity],
  ]);
}
