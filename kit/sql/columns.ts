import { type Money, parseMoney, toMoney } from "../money.js";

declare const columnBrand: unique symbol;
declare const timestampBrand: unique symbol;

/** A money column as its server sends it; only SqlDialect.money makes one, only readMoney reads it. */
export interface SqlMoney {
  readonly [columnBrand]: "money";
}

/** A column of a point in time as its server sends it; SqlDialect.timestamp makes one, readTimestamp reads it. */
export interface SqlTimestamp {
  readonly [columnBrand]: "timestamp";
}

/** Microseconds since 1970 in UTC: a safe integer up to the year 2255. */
export type Timestamp = number & { readonly [timestampBrand]: true };

/** DECIMAL(19,4) and NUMERIC come as text, SQLite's INTEGER as a number; sums of them too. @throws MoneyError */
export function readMoney(value: SqlMoney): Money {
  const raw: unknown = value;
  return typeof raw === "number" ? toMoney(raw) : parseMoney(raw);
}

/** DATETIME(6) and timestamptz come as text in UTC, SQLite's INTEGER as a number. @throws RangeError */
export function readTimestamp(value: SqlTimestamp): Timestamp {
  const raw: unknown = value;
  return typeof raw === "number" ? (raw as Timestamp) : parseTimestamp(String(raw));
}

/** RFC 3339 in UTC, or a server's own text of it, with at most 6 decimals. @throws RangeError */
export function parseTimestamp(text: string): Timestamp {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00(?::?00)?)?$/.exec(text);
  const [, day = "", time = "", decimals = ""] = match ?? [];
  const seconds = Date.parse(`${day}T${time}Z`) / 1_000;
  if (match === null || Number.isNaN(seconds)) throw new RangeError(`${text} is not a time in UTC`);
  return (seconds * 1_000_000 + Number(decimals.padEnd(6, "0"))) as Timestamp;
}

/** "2026-11-22T10:00:00.123456Z". */
export function formatTimestamp(at: Timestamp): string {
  const seconds = Math.floor(at / 1_000_000);
  const decimals = String(at - seconds * 1_000_000).padStart(6, "0");
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}.${decimals}Z`;
}
