import type { Kept } from "../../../kit/documents/documents.js";
import { findInstrument } from "../../../kit/instruments.js";
import { type Findings, type Pair, places } from "./finding.js";
import { type AccountReportDocument, judgeAccountReport } from "./judge-reports.js";
import type { AccountRow, HeldRow, LedgerRow, PositionRow } from "./sources.js";

/** What all stores have of one user. */
export interface UserGroup {
  readonly users: readonly unknown[];
  readonly accounts: readonly AccountRow[];
  readonly ledger: readonly LedgerRow[];
  readonly positions: readonly PositionRow[];
  readonly held: readonly HeldRow[];
  readonly owners: readonly unknown[];
  readonly reports: readonly Kept<AccountReportDocument>[];
}

/** Holds a user's account, positions and ledger against each other, and against what the other stores say. */
export function judgeUser(userId: string, group: UserGroup, findings: Findings): void {
  const { users, accounts, ledger, positions, held, owners, reports } = group;
  const [account] = accounts;
  if (users.length === 0) {
    const has = [
      ...(accounts.length + ledger.length + positions.length === 0 ? [] : ["an account"]),
      ...(owners.length === 0 ? [] : ["orders"]),
      ...(reports.length === 0 ? [] : ["a report"]),
    ];
    if (has.length > 0)
      findings.add(
        { place: places.users, key: userId, certainty: "late" },
        "missing",
        `is missing, and has ${has.join(" and ")}`,
      );
  }
  judgeLedger(userId, ledger, findings);
  judgeAccount(userId, { account, ledger, held }, findings);
  if (positions.length + held.length > 0 || ledger.some(({ quantity }) => quantity !== null))
    judgePositions(userId, group, findings);
  judgeAccountReport(userId, ledger, reports[0], findings);
}

/** What a line of the ledger adds to each balance (services/broker-wallet/domain/post.ts). */
export function movementOf({ transaction_type, amount, quantity }: LedgerRow) {
  const shares = quantity ?? 0;
  switch (transaction_type) {
    case "SETTLEMENT":
      return shares > 0
        ? { cash: 0, blockedCash: amount, shares, blockedShares: 0 }
        : { cash: amount, blockedCash: 0, shares: 0, blockedShares: shares };
    case "RESERVE":
    case "REFUND":
      return { cash: amount, blockedCash: -amount, shares, blockedShares: -shares };
    default:
      return { cash: amount, blockedCash: 0, shares, blockedShares: 0 };
  }
}

const transactionTypes: readonly string[] = [
  ...["DEPOSIT", "WITHDRAWAL", "RESERVE", "REFUND", "SETTLEMENT", "CUSTODY_IN", "CUSTODY_OUT"],
];

/** Numbered from 1 without gaps, each balance the one before and what was moved. */
function judgeLedger(userId: string, ledger: readonly LedgerRow[], findings: Findings): void {
  let before = { sequence: 0, balance_after: 0, blocked_balance_after: 0 };
  for (const entry of ledger) {
    const row = {
      place: places.transactions,
      key: `${userId} ${entry.sequence}`,
      certainty: "sure",
    } as const;
    const { cash, blockedCash } = movementOf(entry);
    if (entry.sequence === before.sequence + 1)
      findings.compare(row, "the line before it", [
        ["$balance_after", entry.balance_after, before.balance_after + cash],
        ["$blocked_balance_after", entry.blocked_balance_after, before.blocked_balance_after + blockedCash],
      ]);
    else
      findings.add(
        { ...row, key: `${userId} ${before.sequence + 1}` },
        "gap",
        `is missing: the ledger goes on with ${entry.sequence}`,
      );
    if (entry.balance_after < 0 || entry.blocked_balance_after < 0)
      findings.add(row, "negative", "a balance is below zero");
    if (!transactionTypes.includes(entry.transaction_type))
      findings.add(row, "type", `transaction_type ${entry.transaction_type} is none that is known`);
    before = entry;
  }
}

function judgeAccount(
  userId: string,
  { account, ledger, held }: { account: AccountRow | undefined } & Pick<UserGroup, "ledger" | "held">,
  findings: Findings,
): void {
  const row = { place: places.accounts, key: userId, certainty: "sure" } as const;
  const last = ledger.at(-1);
  const reserved = held.reduce((sum, { side, amount }) => (side === "BUY" ? sum + amount : sum), 0);
  if (account === undefined) {
    if (last !== undefined)
      findings.add(row, "missing", `is missing, and its ledger has ${last.sequence} lines`);
    else if (held.length > 0)
      findings.add(row, "missing", "is missing, and reservations hold something of it");
    return;
  }
  findings.compare(row, "the end of its ledger", [
    ["$available", account.available, last?.balance_after ?? 0],
    ["$blocked", account.blocked, last?.blocked_balance_after ?? 0],
    ["sequence", account.sequence, last?.sequence ?? 0],
  ]);
  findings.compare(row, "the sum of its open reservations", [["$blocked", account.blocked, reserved]]);
}

/** Shares are what custody and trades brought, and blocked what open sales hold. */
function judgePositions(userId: string, { ledger, positions, held }: UserGroup, findings: Findings): void {
  const base = (ticker: string) => findInstrument(ticker)?.baseTicker ?? ticker;
  const moved = new Map<string, { available: number; blocked: number }>();
  const of = (ticker: string) => {
    const sums = moved.get(ticker) ?? { available: 0, blocked: 0 };
    moved.set(ticker, sums);
    return sums;
  };
  for (const entry of ledger) {
    if (entry.quantity === null) continue;
    const { shares, blockedShares } = movementOf(entry);
    const sums = of(entry.ticker ?? "");
    sums.available += shares;
    sums.blocked += blockedShares;
  }
  const reserved = new Map<string, number>();
  for (const { side, ticker, quantity } of held) {
    if (side !== "SELL") continue;
    of(base(ticker));
    reserved.set(base(ticker), (reserved.get(base(ticker)) ?? 0) + quantity);
  }
  const found = new Map(positions.map((position) => [position.ticker, position]));
  for (const { ticker } of positions) of(ticker);
  for (const [ticker, sums] of moved) {
    const row = { place: places.positions, key: `${userId} ${ticker}`, certainty: "sure" } as const;
    const position = found.get(ticker);
    const pairs: Pair[] = [
      ["available", position?.available ?? 0, sums.available],
      ["blocked", position?.blocked ?? 0, sums.blocked],
    ];
    findings.compare(row, "the ledger", pairs);
    findings.compare(row, "the sum of its open reservations", [
      ["blocked", position?.blocked ?? 0, reserved.get(ticker) ?? 0],
    ]);
    if (position === undefined) continue;
    const { available, blocked, total_cost } = position;
    if (available < 0 || blocked < 0 || total_cost < 0) findings.add(row, "negative", "is below zero");
    if (available + blocked === 0)
      findings.compare(row, "a position without shares", [["$total_cost", total_cost, 0]]);
    if (findInstrument(ticker)?.baseTicker !== ticker)
      findings.add(row, "ticker", `ticker ${ticker} is none whose shares are kept`);
  }
}
