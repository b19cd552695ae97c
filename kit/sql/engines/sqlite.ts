import { setTimeout as pause } from "node:timers/promises";
import { type DatabaseConnection, SqliteDialect, SqliteDriver, sql } from "kysely";
import type { SqlMoney, SqlTimestamp } from "../columns.js";
import type { SqliteSettings } from "../database.js";
import type { SqlDialect } from "../dialect.js";
import { checkLockName, type SqlLock } from "../lock.js";
import { isSqliteBusy } from "../sqlite-errors.js";
import { openSqliteFile, openSqliteLock, type SqliteFile } from "../sqlite-file.js";
import { lookEveryMs, patienceMs } from "../while-busy.js";
import type { SqlEngine } from "./engine.js";
import { insertOrNothing, upsertOnConflict } from "./on-conflict.js";

export async function openSqlite(settings: SqliteSettings): Promise<SqlEngine> {
  const file = await openSqliteFile(settings.path, settings);
  return {
    driver: new OneConnectionDialect(file),
    close: () => file.close(),
    dialect,
    // What finds it busy has waited already.
    isTransient: () => false,
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

/** Files that another process writes to, and when the next look is due: one for all who wait. */
const looks = new Map<string, Promise<void>>();

/**
 * Does what may find the file busy, again until it is free. Whoever only reads goes on meanwhile.
 * @throws the error of SQLite where that takes longer than 4 s
 */
async function whenFree<Result>(file: SqliteFile, work: () => Promise<Result>): Promise<Result> {
  const deadlineMs = Date.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isSqliteBusy(error) || file.inTransaction || Date.now() > deadlineMs) throw error;
    }
    const { path } = file;
    looks.set(path, looks.get(path) ?? pause(lookEveryMs).finally(() => looks.delete(path)));
    // Who wakes up behind one that found it busy again waits for the next look.
    for (let look = looks.get(path); look !== undefined; look = looks.get(path)) {
      leaveQueue(file);
      await look;
      await enterQueue(file);
    }
  }
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
  #connection: DatabaseConnection | undefined;

  constructor(file: SqliteFile) {
    super({ database: file });
    this.#file = file;
  }

  /** kysely's own queue is left out: the one above is of all connections to the file. */
  override async init(): Promise<void> {
    await super.init();
    const connection = await super.acquireConnection();
    this.#connection = {
      executeQuery: (query) => whenFree(this.#file, () => connection.executeQuery(query)),
      streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
    };
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    await enterQueue(this.#file);
    return this.#connection as DatabaseConnection;
  }

  override async releaseConnection(): Promise<void> {
    leaveQueue(this.#file);
  }

  /** At once with the right to write: one that begins by reading cannot always get it later. */
  override async beginTransaction(): Promise<void> {
    await whenFree(this.#file, async () => this.#file.exec("BEGIN IMMEDIATE"));
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // A full disk has ended it already.
    if (this.#file.inTransaction) await super.rollbackTransaction(connection);
  }
}
