import { type DatabaseConnection, SqliteDialect, SqliteDriver, sql } from "kysely";
import type { SqlMoney, SqlTimestamp } from "../columns.js";
import type { SqliteSettings } from "../database.js";
import type { SqlDialect } from "../dialect.js";
import { checkLockName, type SqlLock } from "../lock.js";
import { isSqliteBusy } from "../sqlite-errors.js";
import { openSqliteFile, openSqliteLock, type SqliteFile } from "../sqlite-file.js";
import type { SqlEngine } from "./engine.js";
import { insertOrNothing, upsertOnConflict } from "./on-conflict.js";

export async function openSqlite(settings: SqliteSettings): Promise<SqlEngine> {
  const file = await openSqliteFile(settings.path, settings);
  return {
    driver: new OneConnectionDialect(file),
    close: () => file.close(),
    dialect,
    isTransient: isSqliteBusy,
    tryLock: (name) => tryLock(settings.path, name),
  };
}

const dialect: SqlDialect = {
  kind: "sqlite",
  money: (amount) => sql<SqlMoney>`${amount}`,
  timestamp: (at) => sql<SqlTimestamp>`${at}`,
  insertIgnore: insertOrNothing,
  upsert: upsertOnConflict,
  // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE
  isDuplicate: (error) => [1555, 2067].includes(Number((error as { rawCode?: unknown } | null)?.rawCode)),
  forUpdate: (query) => query,
};

/** A file of its own, held by an exclusive transaction: the operating system ends it with the process. */
async function tryLock(path: string, name: string): Promise<SqlLock | undefined> {
  checkLockName(name);
  const held = await openSqliteLock(`${path}.${name}.lock`);
  if (held === undefined) return undefined;
  return { lost: new AbortController().signal, release: async () => held.release() };
}

/** Who waits for each file, all connections of this process together: to wait inside SQLite would stop them all. */
const queues = new Map<string, (() => void)[]>();

function enterQueue({ path }: SqliteFile): Promise<void> {
  const waiting = queues.get(path);
  if (waiting !== undefined) return new Promise((resolve) => waiting.push(resolve));
  queues.set(path, []);
  return Promise.resolve();
}

function leaveQueue({ path }: SqliteFile): void {
  const next = queues.get(path)?.shift();
  if (next === undefined) queues.delete(path);
  else next();
}

class OneConnectionDialect extends SqliteDialect {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    super({ database: file });
    this.#file = file;
  }

  override createDriver(): SqliteDriver {
    return new OneConnectionDriver(this.#file);
  }
}

/** One connection for writers and readers: libsql is synchronous, a second would only wait. */
class OneConnectionDriver extends SqliteDriver {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    super({ database: file });
    this.#file = file;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    await enterQueue(this.#file);
    return super.acquireConnection();
  }

  override async releaseConnection(): Promise<void> {
    await super.releaseConnection();
    leaveQueue(this.#file);
  }

  /** At once with the right to write: one that begins by reading cannot always get it later. */
  override async beginTransaction(): Promise<void> {
    this.#file.exec("BEGIN IMMEDIATE");
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // A full disk has ended it already.
    if (this.#file.inTransaction) await super.rollbackTransaction(connection);
  }
}
