import type { Kept } from "../../../kit/documents/documents.js";
import { type Findings, type Pair, type Place, places } from "./finding.js";
import { isFinal } from "./judge-exchange.js";
import type { EntryRow, LedgerRow, OrderRow } from "./sources.js";

/** Amounts are numbers of BRL. */
export interface OrderReportDocument {
  readonly orderId: string;
  readonly ticker: string;
  readonly side: string;
  readonly quantity: number;
  readonly price: number;
  readonly status: string;
  readonly cumQuantity: number;
  readonly leavesQuantity: number;
  readonly type: string;
  readonly timeInForce: string;
  readonly reason: string | null;
  readonly updatedAt: string;
  readonly owner: string;
  readonly place: string;
}

export interface AccountReportDocument {
  readonly available: number;
  readonly blocked: number;
}

export interface StatementLineDocument {
  readonly eventId: string;
  readonly transactionType: string;
  readonly amount: number;
  readonly balanceAfter: number;
  readonly blockedBalanceAfter: number;
  readonly createdAt: string;
  readonly ticker: string | null;
  readonly quantity: number | null;
  readonly orderId: string | null;
  readonly executionId: string | null;
  readonly owner: string;
  readonly place: string;
}

/** A count of 1/10000 BRL, as far as it is one. */
function toMoney(amount: number): number {
  const count = Math.round(amount * 10_000);
  return count / 10_000 === amount ? count : amount * 10_000;
}

/** A snapshot is the order as its last event told it. */
export function judgeOrderReport(
  order: OrderRow,
  report: Kept<OrderReportDocument> | undefined,
  findings: Findings,
): void {
  const key = order.order_id;
  const late = { place: places.orderReports, key, certainty: "late" } as const;
  if (report === undefined) {
    // Version 0: nothing was told yet.
    if (order.version > 0)
      findings.add(late, "missing", `is missing, and the order is at version ${order.version}`);
    return;
  }
  if (report.version !== order.version) {
    compareVersions({ ...late, found: report.version, expected: order.version }, findings);
    return;
  }
  const { document } = report;
  const leaves = isFinal(order.status) ? 0 : order.quantity - order.cum_quantity;
  // What the exchange has executed and not yet told in full changes no version.
  const counted = order.recorded_quantity === order.cum_quantity;
  findings.compare({ ...late, certainty: "sure" }, "the order of the same version", [
    ["orderId", document.orderId, key],
    ["status", document.status, order.status],
    ["reason", document.reason, order.reason],
    ["place", document.place, `${document.updatedAt} ${key}`],
  ]);
  findings.compare({ ...late, certainty: counted ? "sure" : "late" }, "the order of the same version", [
    ["cumQuantity", document.cumQuantity, order.cum_quantity],
    ["leavesQuantity", document.leavesQuantity, leaves],
  ]);
}

interface Versions {
  readonly place: Place;
  readonly key: string;
  readonly found: number | null;
  readonly expected: number;
}

function compareVersions({ place, key, found, expected }: Versions, findings: Findings): void {
  const versions = { found: found ?? 0, expected };
  const where = versions.found < expected ? "is behind" : "is ahead";
  findings.add(
    { place, key, certainty: "late", versions },
    "version",
    `${where}: it is at version ${found ?? "none"}, and what it follows at ${expected}`,
  );
}

/** A snapshot is the account as one line of its ledger left it, also where it is behind. */
export function judgeAccountReport(
  userId: string,
  ledger: readonly LedgerRow[],
  report: Kept<AccountReportDocument> | undefined,
  findings: Findings,
): void {
  const late = { place: places.accountReports, key: userId, certainty: "late" } as const;
  const last = ledger.at(-1)?.sequence ?? 0;
  if (report === undefined) {
    if (last > 0) findings.add(late, "missing", `is missing, and the account is at version ${last}`);
    return;
  }
  const { version, document } = report;
  const entry = ledger.find(({ sequence }) => sequence === version);
  if (version !== last) compareVersions({ ...late, found: version, expected: last }, findings);
  if (entry === undefined) return;
  findings.compare({ ...late, certainty: "sure" }, "the ledger at the same version", [
    ["$available", toMoney(document.available), entry.balance_after],
    ["$blocked", toMoney(document.blocked), entry.blocked_balance_after],
  ]);
}

export interface EntryGroup {
  readonly entries: readonly EntryRow[];
  readonly lines: readonly Kept<StatementLineDocument>[];
}

/** A line of a statement is one of the ledger. */
export function judgeEntry(id: string, { entries, lines }: EntryGroup, findings: Findings): void {
  const [entry] = entries;
  const [line] = lines;
  const late = { place: places.statementLines, key: id, certainty: "late" } as const;
  if (entry === undefined || line === undefined) {
    const what =
      entry === undefined
        ? "the ledger knows no such transaction"
        : `is missing, and the ledger of ${entry.user_id} has it as ${entry.sequence}`;
    findings.add(late, "missing", what);
    return;
  }
  const { document } = line;
  const createdMs = Math.floor(entry.created_ms);
  const pairs: Pair[] = [
    ["eventId", document.eventId, id],
    ["owner", document.owner, entry.user_id],
    ["transactionType", document.transactionType, entry.transaction_type],
    ["$amount", toMoney(document.amount), entry.amount],
    ["$balanceAfter", toMoney(document.balanceAfter), entry.balance_after],
    ["$blockedBalanceAfter", toMoney(document.blockedBalanceAfter), entry.blocked_balance_after],
    ["ticker", document.ticker, entry.ticker],
    ["quantity", document.quantity, entry.quantity],
    ["orderId", document.orderId, entry.order_id],
    ["executionId", document.executionId, entry.execution_id],
    ["place", document.place, `${document.createdAt} ${String(entry.sequence).padStart(16, "0")} ${id}`],
  ];
  const row = { ...late, certainty: "sure" } as const;
  findings.compare(row, "the ledger", pairs);
  if (Date.parse(document.createdAt) !== createdMs)
    findings.compare(row, "the ledger", [
      ["createdAt", document.createdAt, new Date(createdMs).toISOString()],
    ]);
}
