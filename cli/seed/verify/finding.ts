import { formatMoney, type Money } from "../../../kit/money.js";
import type { SeedPart } from "../world/parts.js";

/** A table, collection or beginning of keys, and the part of the data that it belongs to. */
export interface Place {
  readonly part: SeedPart;
  readonly table: string;
}

/** Something that does not fit, in what was read at one moment of each store. */
export interface Finding {
  readonly place: Place;
  readonly key: string;
  readonly what: string;
  /** The rule that is broken: the same one again is the same finding. */
  readonly rule: string;
  /**
   * sure: of one moment of one store, or of the same version. late: what is on its way may mend it, so that it counts
   * only once nothing moves any more.
   */
  readonly certainty: "sure" | "late";
  /** Of a copy that is behind: its version, and that of what it follows. */
  readonly versions?: { readonly found: number; readonly expected: number };
}

/** Where a row that does not fit may be: the part of the data set and its table or collection. */
export const places = {
  users: { part: "identity", table: "users" },
  accounts: { part: "wallet", table: "accounts" },
  positions: { part: "wallet", table: "positions" },
  reservations: { part: "wallet", table: "reservations" },
  transactions: { part: "wallet", table: "transactions" },
  orders: { part: "order", table: "orders" },
  recorded: { part: "order", table: "executions" },
  booked: { part: "exchange", table: "orders" },
  results: { part: "exchange", table: "results" },
  books: { part: "exchange", table: "books" },
  assets: { part: "asset", table: "assets" },
  assetPrices: { part: "asset", table: "asset_prices" },
  orderReports: { part: "report", table: "order_reports" },
  accountReports: { part: "report", table: "account_reports" },
  statementLines: { part: "report", table: "statement_lines" },
  assetHistory: { part: "report", table: "asset_history" },
  priceHistory: { part: "market-data", table: "price_history" },
} as const satisfies Readonly<Record<string, Place>>;

export type Value = string | number | null | undefined;
/** What has to be the same: "cum_quantity", what is there, what it should be; "$" before the name: money. */
export type Pair = readonly [name: string, found: Value, expected: Value];

type Row = Pick<Finding, "place" | "key" | "certainty" | "versions">;

/** Gathers what judges find. */
export class Findings {
  readonly list: Finding[] = [];

  add(row: Row, rule: string, what: string): void {
    this.list.push({ ...row, rule, what });
  }

  /** @param source who says what is expected: "the exchange" */
  compare(row: Row, source: string, pairs: readonly Pair[]): void {
    for (const [name, found, expected] of pairs) {
      if (found === expected) continue;
      const [field, show] = name.startsWith("$") ? [name.slice(1), showMoney] : [name, showValue];
      this.add(row, field, `${field} ${show(found)}, and ${source} says ${show(expected)}`);
    }
  }
}

/** A count of 1/10000 BRL as an amount; what is no such count as it is. */
export function showMoney(value: Value): string {
  return typeof value === "number" && Number.isSafeInteger(value)
    ? formatMoney(value as Money)
    : showValue(value);
}

function showValue(value: Value): string {
  return value === null || value === undefined ? "nothing" : String(value);
}
