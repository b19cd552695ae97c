import { AsyncLocalStorage } from "node:async_hooks";
import { type Dialect, Kysely, sql, type Transaction } from "kysely";
import type { SqlDialect } from "./dialect.js";
import type { ServerSettings, SqlEngine } from "./engines/engine.js";
import type { SqlLock } from "./lock.js";
import { retryOn } from "./retry.js";
import type { OpenOptions } from "./sqlite-file.js";

export interface SqliteSettings extends OpenOptions {
  readonly kind: "sqlite";
  readonly path: string;
}

export type DatabaseSettings = SqliteSettings | ({ readonly kind: "mysql" | "postgres" } & ServerSettings);

/** One domain's database, the same on three engines. */
export interface Database<Schema> {
  /** For single statements; inside `transact` only what that hands out. */
  readonly db: Kysely<Schema>;
  readonly dialect: SqlDialect;
  /**
   * Runs `work` in a transaction (READ COMMITTED; SQLite: serialized), all of it again after a deadlock or a lock not
   * had in time, at most 5 times in all: it must do nothing that cannot be done twice. SQLite waits for its file before
   * it begins, for 4 s at most, and then fails with SQLITE_BUSY. When the connection is lost in the commit nobody knows
   * whether it happened, so that is not repeated.
   */
  transact<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T>;
  /** The lock if nobody has it. Its holder's death frees it. @throws RangeError unless 1-32 of a-z, 0-9 and "-" */
  tryLock(name: string): Promise<SqlLock | undefined>;
  /** Rejects when the server does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a SQLite file at once; servers are connected to at the first use.
 * @throws Error of SQLite only: see openSqliteFile
 */
export async function openDatabase<Schema>(settings: DatabaseSettings): Promise<Database<Schema>> {
  const engine = await openEngine(settings);
  const db = new Kysely<Schema>({ dialect: refuseInside(engine) });
  return {
    db,
    dialect: engine.dialect,
    transact: (work) => retryOn(engine.isTransient, () => transactOnce({ db, engine, work })),
    tryLock: (name) => engine.tryLock(name),
    ping: async () => void (await sql`select 1`.execute(db)),
    close: async () => {
      await db.destroy();
      engine.close?.();
    },
  };
}

async function openEngine(settings: DatabaseSettings): Promise<SqlEngine> {
  switch (settings.kind) {
    case "sqlite":
      return (await import("./engines/sqlite.js")).openSqlite(settings);
    case "mysql":
      return (await import("./engines/mysql.js")).openMysql(settings);
    case "postgres":
      return (await import("./engines/postgres.js")).openPostgres(settings);
  }
}

/**
 * Which transaction this code runs in, as long as that is open. One for all databases: Node.js 20 and 22 carry each
 * AsyncLocalStorage along with every promise of the process.
 */
const scope = new AsyncLocalStorage<{ readonly engine: SqlEngine; open: boolean }>();

/**
 * Inside a transaction a query past it would not see what it wrote, and waits for itself once all connections are
 * taken (SQLite has one).
 */
function refuseInside(engine: SqlEngine): Dialect {
  const dialect = engine.driver;
  return {
    createAdapter: () => dialect.createAdapter(),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createDriver: () => {
      const driver = dialect.createDriver();
      const acquire = driver.acquireConnection.bind(driver);
      driver.acquireConnection = async () => {
        const around = scope.getStore();
        if (around?.open && around.engine === engine)
          throw new Error("inside a transaction every query must go through it");
        return acquire();
      };
      return driver;
    },
  };
}

interface Attempt<Schema, T> {
  readonly db: Kysely<Schema>;
  readonly engine: SqlEngine;
  readonly work: (transaction: Transaction<Schema>) => Promise<T>;
}

async function transactOnce<Schema, T>({ db, engine, work }: Attempt<Schema, T>): Promise<T> {
  const state = { engine, open: true };
  let failure: { readonly error: unknown } | undefined;
  const run = async (transaction: Transaction<Schema>) => {
    try {
      return await scope.run(state, () => work(transaction));
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      state.open = false;
    }
  };
  try {
    // Each engine's connections are READ COMMITTED; to say so here costs MySQL a round trip a transaction.
    return await db.transaction().execute(run);
  } catch (error) {
    // On a broken connection the rollback fails as well, and would hide why.
    throw failure === undefined ? error : failure.error;
  }
}
