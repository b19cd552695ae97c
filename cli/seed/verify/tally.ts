import { findInstrument } from "../../../kit/instruments.js";
import { type Findings, places, showMoney } from "./finding.js";
import { readTold } from "./judge-exchange.js";
import type { OrderGroup } from "./judge-order.js";
import type { EntryGroup } from "./judge-reports.js";
import type { UserGroup } from "./judge-user.js";

/** What is added up over all rows. Cash beside the tickers, as a count of 1/10000 BRL. */
export class Tally {
  readonly counts: Record<string, number> = {};
  /** By ticker or "cash": accounts, and what the provider has and what is executed and not yet settled. */
  readonly #there = new Map<string, bigint>();
  /** By ticker or "cash": what was paid in less what was paid out. */
  readonly #broughtIn = new Map<string, bigint>();

  count(name: string, rows: number): void {
    this.counts[name] = (this.counts[name] ?? 0) + rows;
  }

  has(what: string, amount: number): void {
    if (amount !== 0) this.#there.set(what, (this.#there.get(what) ?? 0n) + BigInt(amount));
  }

  bring(what: string, amount: number): void {
    if (amount !== 0) this.#broughtIn.set(what, (this.#broughtIn.get(what) ?? 0n) + BigInt(amount));
  }

  /** Of one moment of each database: in all there is what was brought in, to the cent and to the share. */
  judge(findings: Findings): void {
    for (const what of new Set([...this.#there.keys(), ...this.#broughtIn.keys()])) {
      const there = Number(this.#there.get(what) ?? 0n);
      const brought = Number(this.#broughtIn.get(what) ?? 0n);
      if (there === brought) continue;
      const [place, show] =
        what === "cash" ? [places.accounts, showMoney] : [places.positions, (count: number) => `${count}`];
      findings.add(
        { place, key: `all ${what}`, certainty: "sure" },
        "total",
        `with the liquidity provider's there is ${show(there)} in all, and ${show(brought)} was brought in`,
      );
    }
  }
}

const base = (ticker: string | null | undefined) => findInstrument(ticker ?? "")?.baseTicker ?? ticker ?? "";

export function countOrder(group: OrderGroup, tally: Tally): void {
  const { orders, recorded, reservations, settlements, booked, results, reports } = group;
  const rows = { orders, executions: recorded, reservations, reports };
  for (const [name, some] of Object.entries(rows)) tally.count(name, some.length);
  const [order] = booked;
  const ticker = base(order?.ticker ?? orders[0]?.ticker);
  const sign = order?.side === "SELL" ? -1 : 1;
  const told = readTold(results);
  for (const [id, { price, quantity, counter_order_id }] of told.executions) {
    const shares = sign * (quantity ?? 0);
    const cash = -shares * (price ?? 0);
    // What the one side has the other lacks.
    if (counter_order_id === null) {
      tally.has("cash", -cash);
      tally.has(ticker, -shares);
    }
    if (settlements.some((one) => one.execution_id === id && one.transaction_type === "SETTLEMENT")) continue;
    tally.has("cash", cash);
    tally.has(ticker, shares);
  }
  for (const { execution_id, transaction_type, amount, quantity, ticker: settled } of settlements) {
    if (transaction_type !== "SETTLEMENT" || told.executions.has(execution_id)) continue;
    tally.has("cash", -amount);
    tally.has(base(settled), -(quantity ?? 0));
  }
}

export function countUser({ users, accounts, ledger, positions }: UserGroup, tally: Tally): void {
  const rows = { users, accounts, ledger, positions };
  for (const [name, some] of Object.entries(rows)) tally.count(name, some.length);
  for (const { available, blocked } of accounts) tally.has("cash", available + blocked);
  for (const { ticker, available, blocked } of positions) tally.has(ticker, available + blocked);
  for (const { transaction_type: type, amount, ticker, quantity } of ledger) {
    if (type === "DEPOSIT" || type === "WITHDRAWAL") tally.bring("cash", amount);
    if (type.startsWith("CUSTODY")) tally.bring(base(ticker), quantity ?? 0);
  }
}

export function countEntry({ lines }: EntryGroup, tally: Tally): void {
  tally.count("statementLines", lines.length);
}
