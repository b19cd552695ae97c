/** By the names of the columns. */
export type Row = Record<string, unknown>;

/**
 * libsql ends the process on a boolean, cuts text at a NUL, stores NaN as NULL and binds every number as a REAL, in
 * which money beyond 2^53 loses its last digits in sums.
 * @throws TypeError for what SQLite has no value for
 */
export function toSqlite(value: unknown): unknown {
  if (value === null || typeof value === "bigint" || value instanceof Uint8Array) return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "number" && Number.isFinite(value) && !Number.isInteger(value)) return value;
  if (typeof value === "string" && !value.includes("\0")) return value;
  throw new TypeError(`SQLite cannot keep ${typeof value === "string" ? "text with a NUL" : String(value)}`);
}

/** A row of libsql, without its names and with whole numbers as bigints. @throws RangeError for one beyond 2^53 */
export function fromSqlite(names: readonly string[], values: readonly unknown[]): Row {
  const result: Row = {};
  for (const [index, name] of names.entries()) {
    const value = values[index];
    result[name] =
      typeof value === "bigint"
        ? toSafeInteger(value, name)
        : value instanceof ArrayBuffer
          ? Buffer.from(value)
          : value;
  }
  return result;
}

function toSafeInteger(value: bigint, name: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${name} is beyond a safe integer: ${value}`);
  return number;
}
