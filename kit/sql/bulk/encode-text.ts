import { formatDecimal, type Money } from "../../money.js";
import type { BulkKind, BulkRow, BulkTable, BulkValue } from "./bulk.js";

/** A server's own text of a point in time in ms. */
export type FormatTime = (atMs: number) => string;

/**
 * Lines as COPY and LOAD DATA both read them: columns apart by tabs, \N for null, backslashes before what would end a
 * column or a line (PostgreSQL, "File Formats", Text Format; MySQL, "LOAD DATA Statement").
 */
export function createLineEncoder({ columns }: BulkTable, formatTime: FormatTime): (row: BulkRow) => string {
  const encoders = columns.map(({ kind }) => encoderOf(kind, formatTime));
  return (row) => {
    let line = "";
    for (let column = 0; column < encoders.length; column += 1) {
      const value = row[column];
      if (column > 0) line += "\t";
      line += value === null || value === undefined ? "\\N" : encoders[column]?.(value);
    }
    return `${line}\n`;
  };
}

type Present = NonNullable<BulkValue>;

function encoderOf(kind: BulkKind, formatTime: FormatTime): (value: Present) => string {
  if (kind === "text") return (value) => escapeText(String(value));
  return (value) => formatNumber(kind, value, formatTime);
}

/** A value of any kind but text, as the server reads it. */
export function formatNumber(kind: BulkKind, value: Present, formatTime: FormatTime): string {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new TypeError(`${value} is no ${kind}`);
  if (kind === "money") return formatDecimal(number as Money);
  return kind === "timestamp" ? formatTime(number) : String(number);
}

const special = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

function escapeText(text: string): string {
  return special.test(text) ? text.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? "") : text;
}
