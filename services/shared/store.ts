import { type Database, type DatabaseSettings, openDatabase } from "../../kit/sql/database.js";
import { migrate, readMigrations } from "../../kit/sql/migrate.js";
import type { Dependency } from "./http/open-server.js";
import type { Log } from "./log.js";

export interface StoreOptions<Schema> {
  /** Of the dependency: "broker-order-db". */
  readonly name: string;
  readonly settings: DatabaseSettings;
  /** ServiceContext.migrationsFolder. */
  readonly migrationsFolder: string;
  readonly log: Log;
  /** Run after the migrations, and again with them until it succeeds: rows that must be there. */
  readonly prepare?: (database: Database<Schema>) => Promise<void>;
}

/** A service's own database, brought to its schema as soon as it can be reached. */
export interface Store<Schema> {
  readonly database: Database<Schema>;
  /** Resolves once the schema is there; before that every query fails. Never rejects, and never resolves once closed. */
  readonly ready: Promise<void>;
  /** For openServer: ready when the schema is there and the database answers. */
  readonly dependency: Dependency;
  close(): Promise<void>;
}

const retryMs = 1_000;

/** Resolves at once, also when the database is away. @throws Error of SQLite only: see openSqliteFile */
export async function openStore<Schema>(options: StoreOptions<Schema>): Promise<Store<Schema>> {
  const { name, settings, migrationsFolder, log } = options;
  const database = await openDatabase<Schema>(settings);
  let problem: string | undefined = "its schema is not there yet";
  let retry: NodeJS.Timeout | undefined;
  let closed = false;
  let attempt: Promise<void> | undefined;
  const attemptOnce = async (done: () => void): Promise<void> => {
    try {
      await migrate(database, await readMigrations(migrationsFolder, settings.kind));
      await options.prepare?.(database);
      problem = undefined;
      done();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== problem) log.warn({ store: name, problem: message }, "database not ready");
      problem = message;
      if (closed) return;
      retry = setTimeout(() => {
        attempt = attemptOnce(done);
      }, retryMs).unref();
    }
  };
  const ready = new Promise<void>((resolve) => {
    attempt = attemptOnce(resolve);
  });
  // A file is there or not: whoever starts need not wait for what takes no time.
  if (settings.kind === "sqlite") await attempt;
  return {
    database,
    ready,
    dependency: {
      name,
      check: () => (problem === undefined ? database.ping() : Promise.reject(new Error(problem))),
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      await attempt;
      await database.close();
    },
  };
}
