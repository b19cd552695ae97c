import { accessSync, closeSync, constants, openSync } from "node:fs";
import { basename, resolve } from "node:path";
import type Libsql from "libsql";
import { isSqliteBusy, translateSqliteError, withCode } from "./sqlite-errors.js";
import { fromSqlite, type Row, toSqlite } from "./sqlite-values.js";
import { whileBusy } from "./while-busy.js";

/**
 * One connection to one SQLite file. Every call is synchronous and holds up the whole process, so nothing here waits
 * long: a file that another connection is writing to is an error with the code SQLITE_BUSY after 2 ms, for the
 * caller to try again later (whileBusy).
 */
export interface SqliteFile {
  readonly path: string;
  /** Values are text, numbers, bigints, bytes, null and booleans (kept as 0 and 1). @throws TypeError for any other */
  prepare(sql: string): SqliteStatement;
  /** Rows of one statement; integers come as numbers, one beyond 2^53 is refused rather than rounded. */
  all(sql: string, values?: readonly unknown[]): Row[];
  /** Rows that one statement changed. */
  run(sql: string, values?: readonly unknown[]): number;
  /** Several statements without values. */
  exec(sql: string): void;
  /** All of `work` or nothing; it must not await. */
  transaction<T>(work: () => T): T;
  /** A transaction is open on this connection. */
  readonly inTransaction: boolean;
  /** Writes to the file and reads it back. */
  check(): void;
  /** A second time does nothing. */
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
 * Files that are switched off for this whole process: the embedded runtime's twin of a database server that is stopped.
 * Connections stay open, and every statement fails with the code STORE_STOPPED until the file is switched on again.
 */
const stoppedFiles = new Set<string>();

/** Takes a file away from, or gives it back to, everyone in this process who has it open or opens it later. */
export function switchSqliteFile(name: string, on: boolean): void {
  if (on) stoppedFiles.delete(resolve(name));
  else stoppedFiles.add(resolve(name));
}

export interface OpenOptions {
  /** A process that runs has it open and looked through it for damage, which takes a second for each 100 MB. */
  readonly checked?: boolean;
  /** Many rows are coming: more of the file is kept in memory, and what is new is copied into it less often. */
  readonly bulk?: boolean;
}

/** libsql keeps temporary tables in memory unless told. */
const bulkOptions = "PRAGMA cache_size = -4096; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = FILE";

/**
 * Opens or creates a file (mode 0600) in WAL mode. A commit is in the file when it returns, so that no kill of the
 * process takes it away; synchronous=NORMAL leaves the flush to the disk to the checkpoints, so that a power cut may
 * take the last commits and never the file's integrity (SQLite's documentation of WAL).
 * @throws Error with the code DATA_DAMAGED or DATA_NEWER, or that of Node (EACCES, EROFS, ENOSPC, ENOENT)
 */
export async function openSqliteFile(
  name: string,
  { checked = false, bulk = false }: OpenOptions = {},
): Promise<SqliteFile> {
  const path = resolve(name);
  createOrAccess(path);
  const { Database } = await import("../drivers/libsql.js");
  // Who opens it at the same moment may be creating it, or recovering its log.
  return whileBusy(() => {
    const file = new LibsqlFile(path, new Database(path));
    try {
      file.prepareConnection(checked);
      if (bulk) file.exec(bulkOptions);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  });
}

/**
 * Holds a file that serves as a lock, by an exclusive transaction that never ends; undefined if another connection, of
 * this process or any other, holds it. The operating system frees it with the process.
 */
export async function openSqliteLock(path: string): Promise<{ release(): void } | undefined> {
  createOrAccess(path);
  const { Database } = await import("../drivers/libsql.js");
  const database = new Database(path);
  try {
    database.exec("BEGIN EXCLUSIVE");
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (isSqliteBusy(error)) return undefined;
    throw translateSqliteError(error, path);
  }
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

/** Far above what a service says; lists of values make texts without end. */
const keptStatements = 300;

class LibsqlFile implements SqliteFile {
  readonly path: string;
  readonly #database: Libsql.Database;
  #prepared = false;
  /** By their text: preparing costs as much as running. None is ever left half read. */
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(path: string, database: Libsql.Database) {
    this.path = path;
    this.#database = database;
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  prepareConnection(checked: boolean): void {
    this.exec("PRAGMA busy_timeout = 2");
    const layout = Number(this.all("PRAGMA user_version")[0]?.user_version);
    if (layout > sqliteLayout) {
      throw withCode("DATA_NEWER", `${this.path} was written by a newer version (layout ${layout})`);
    }
    if (!checked) this.#refuseDamaged();
    this.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
    // Otherwise a burst leaves its log at its largest size for ever.
    this.exec(`PRAGMA journal_size_limit = ${16 * 1024 * 1024}`);
    if (layout < sqliteLayout) this.exec(`PRAGMA user_version = ${sqliteLayout}`);
    this.#prepared = true;
  }

  #refuseDamaged(): void {
    const [problem] = this.all("PRAGMA quick_check(1)").map(({ quick_check }) => quick_check);
    if (problem !== "ok") throw withCode("DATA_DAMAGED", `${this.path} is damaged: ${problem}`);
  }

  prepare(sql: string): SqliteStatement {
    const statement = this.#statements.get(sql) ?? this.#prepareNew(sql);
    // The one used last is the last: what goes is what was not used for the longest time.
    this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    const [oldest] = this.#statements.size > keptStatements ? this.#statements.keys() : [];
    if (oldest !== undefined) this.#statements.delete(oldest);
    return statement;
  }

  #prepareNew(sql: string): SqliteStatement {
    return this.#guard(() => {
      const statement = this.#database.prepare(sql).safeIntegers(true);
      // Rows as arrays: libsql takes twice as long to make objects, which would be copied anyway.
      if (statement.reader) statement.raw(true);
      let names: string[] | undefined;
      const toRow = (values: unknown) => {
        // Again where a table has more columns than when it was prepared.
        if (names?.length !== (values as unknown[]).length)
          names = statement.columns().map(({ name }) => name);
        return fromSqlite(names, values as unknown[]);
      };
      const all = (values: readonly unknown[]) =>
        this.#execute(sql, () => statement.all(values.map(toSqlite)).map(toRow));
      return {
        reader: statement.reader,
        all,
        run: (values) => this.#execute(sql, () => statement.run(values.map(toSqlite))),
        iterate: (values) => all(values).values(),
      };
    });
  }

  #execute<T>(sql: string, work: () => T): T {
    this.#refuseStopped(sql);
    try {
      return this.#executeOnce(sql, work);
    } catch (error) {
      // One that failed may hang where it was; the garbage collector ends it.
      this.#statements.delete(sql);
      throw error;
    }
  }

  /**
   * libsql never resets a prepared statement that found the file busy, and no transaction of the connection commits
   * while one hangs. So what may write first takes the right to by exec(), which does reset.
   */
  #executeOnce<T>(sql: string, work: () => T): T {
    const reads = /^\s*(select|pragma|commit|rollback)\b/i.test(sql);
    return reads || this.inTransaction ? this.#guard(work) : this.transaction(() => this.#guard(work));
  }

  all(sql: string, values: readonly unknown[] = []): Row[] {
    return this.prepare(sql).all(values);
  }

  run(sql: string, values: readonly unknown[] = []): number {
    return this.prepare(sql).run(values).changes;
  }

  exec(sql: string): void {
    this.#refuseStopped(sql);
    this.#guard(() => this.#database.exec(sql));
  }

  /** As with a server that is away, opening succeeds; and what was begun can be undone, so that it is of use again. */
  #refuseStopped(sql: string): void {
    if (stoppedFiles.size === 0 || !this.#prepared || !stoppedFiles.has(this.path)) return;
    if (/^\s*rollback/i.test(sql)) return;
    throw withCode("STORE_STOPPED", `${basename(this.path, ".sqlite")} is stopped`);
  }

  transaction<T>(work: () => T): T {
    this.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk has ended the transaction by itself.
      if (this.inTransaction) this.exec("ROLLBACK");
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
    if (!this.#database.open) return;
    // libsql cannot end prepared statements, so the connection lives on until they are collected as garbage, and the
    // checkpoint that SQLite makes at the last close would not come.
    try {
      // The first keeps nobody from writing; the second has little left to do.
      if (!this.inTransaction) this.exec("PRAGMA wal_checkpoint(PASSIVE); PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // A full disk, say: the log keeps it all.
    }
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
