import { accessSync, closeSync, constants, openSync } from "node:fs";
import type Libsql from "libsql";
import { translateSqliteError, withCode } from "./sqlite-errors.js";

/** What a query may be given. A boolean is stored as 0 or 1. */
export type SqliteValue = string | number | bigint | boolean | Uint8Array | null;
type Row = Record<string, unknown>;

/**
 * One connection to one SQLite file. Every call is synchronous and holds up the whole process, so nothing here waits
 * long: a file that another connection is writing to is an error with the code SQLITE_BUSY after 50 ms, for the
 * caller to try again later.
 */
export interface SqliteFile {
  readonly path: string;
  prepare(sql: string): SqliteStatement;
  /** Rows of one statement; integers come as numbers, one beyond 2^53 is refused rather than rounded. */
  all(sql: string, values?: readonly unknown[]): Row[];
  /** Rows that one statement changed. */
  run(sql: string, values?: readonly unknown[]): number;
  /** Several statements without values. */
  exec(sql: string): void;
  /** All of `work` or nothing; it must not await. */
  transaction<T>(work: () => T): T;
  /** Writes to the file and reads it back. */
  check(): void;
  close(): void;
}

/** As kysely wants it from a driver in better-sqlite3's manner. */
export interface SqliteStatement {
  readonly reader: boolean;
  all(values: readonly unknown[]): Row[];
  run(values: readonly unknown[]): { changes: number; lastInsertRowid: number | bigint };
  iterate(values: readonly unknown[]): IterableIterator<Row>;
}

/** Layout of the files that this version writes (PRAGMA user_version): a newer one is refused. */
export const sqliteLayout = 1;

/**
 * Opens or creates a file (mode 0600) in WAL mode. A commit is in the file when it returns, so that no kill of the
 * process takes it away; synchronous=NORMAL leaves the flush to the disk to the checkpoints, so that a power cut may
 * take the last commits and never the file's integrity (SQLite's documentation of WAL).
 * @throws Error with the code DATA_DAMAGED or DATA_NEWER, or that of Node (EACCES, EROFS, ENOSPC, ENOENT)
 */
export async function openSqliteFile(path: string): Promise<SqliteFile> {
  createOrAccess(path);
  const { Database } = await import("../drivers/libsql.js");
  const file = new LibsqlFile(path, new Database(path));
  try {
    file.prepareConnection();
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}

/**
 * libsql says "cannot be opened" whatever the reason; Node names it. A file that is there is only asked about: to close
 * it here would drop the locks of every other connection of this process to it (SQLite, "How To Corrupt", 2.2).
 */
function createOrAccess(path: string): void {
  try {
    closeSync(openSync(path, "wx+", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    accessSync(path, constants.R_OK | constants.W_OK);
  }
}

class LibsqlFile implements SqliteFile {
  readonly path: string;
  readonly #database: Libsql.Database;

  constructor(path: string, database: Libsql.Database) {
    this.path = path;
    this.#database = database;
  }

  prepareConnection(): void {
    this.all("PRAGMA busy_timeout = 50");
    const layout = Number(this.all("PRAGMA user_version")[0]?.user_version);
    if (layout > sqliteLayout) {
      throw withCode("DATA_NEWER", `${this.path} was written by a newer version (layout ${layout})`);
    }
    const problems = this.all("PRAGMA quick_check(1)").map(({ quick_check }) => quick_check);
    if (problems[0] !== "ok") throw withCode("DATA_DAMAGED", `${this.path} is damaged: ${problems[0]}`);
    this.all("PRAGMA journal_mode = WAL");
    this.run("PRAGMA synchronous = NORMAL");
    this.run("PRAGMA foreign_keys = ON");
    // Otherwise a burst leaves its log at its largest size for ever.
    this.all(`PRAGMA journal_size_limit = ${16 * 1024 * 1024}`);
    if (layout < sqliteLayout) this.run(`PRAGMA user_version = ${sqliteLayout}`);
  }

  prepare(sql: string): SqliteStatement {
    return this.#guard(() => {
      const statement = this.#database.prepare(sql).safeIntegers(true);
      const all = (values: readonly unknown[]) =>
        this.#guard(() => statement.all(values.map(toSqlite)).map(fromSqlite));
      return {
        reader: statement.reader,
        all,
        run: (values) => this.#guard(() => statement.run(values.map(toSqlite))),
        iterate: (values) => all(values).values(),
      };
    });
  }

  all(sql: string, values: readonly unknown[] = []): Row[] {
    return this.prepare(sql).all(values);
  }

  run(sql: string, values: readonly unknown[] = []): number {
    return this.prepare(sql).run(values).changes;
  }

  exec(sql: string): void {
    this.#guard(() => this.#database.exec(sql));
  }

  transaction<T>(work: () => T): T {
    this.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk has ended the transaction by itself.
      if (this.#database.inTransaction) this.exec("ROLLBACK");
      throw error;
    }
  }

  check(): void {
    this.transaction(() => this.run(`PRAGMA user_version = ${sqliteLayout}`));
    const [row] = this.all("PRAGMA user_version");
    if (row?.user_version !== sqliteLayout)
      throw withCode("DATA_DAMAGED", `${this.path} lost what was written`);
  }

  close(): void {
    this.#database.close();
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw translateSqliteError(error, this.path);
    }
  }
}

/**
 * libsql ends the process on a boolean, cuts text at a NUL, stores NaN as NULL and binds every number as a REAL, in
 * which money beyond 2^53 loses its last digits in sums.
 */
function toSqlite(value: unknown): unknown {
  if (value === null || typeof value === "bigint" || value instanceof Uint8Array) return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "number" && Number.isFinite(value) && !Number.isInteger(value)) return value;
  if (typeof value === "string" && !value.includes("\0")) return value;
  throw new TypeError(`SQLite cannot keep ${typeof value === "string" ? "text with a NUL" : String(value)}`);
}

function fromSqlite(row: unknown): Row {
  const result: Row = {};
  for (const [name, value] of Object.entries(row as Row)) {
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
