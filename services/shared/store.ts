import type { KyselyPlugin } from "kysely";
import { type Database, type DatabaseSettings, openDatabase } from "../../kit/sql/database.js";
import { migrate, readMigrations } from "../../kit/sql/migrate.js";
import { within } from "../../kit/within.js";
import type { ServiceParts } from "./define-service.js";
import type { Dependency } from "./http/open-server.js";

export interface StoreOptions<Schema> {
  /** Of the dependency: "broker-order-db". */
  readonly name: string;
  readonly settings: DatabaseSettings;
  /** Run after the migrations, and again with them until it succeeds: rows that must be there. */
  readonly prepare?: (database: Database<Schema>) => Promise<void>;
}

/** A service's own database, brought to its schema as soon as it can be reached. */
export interface Store<Schema> {
  /** Until it is ready every query and transaction rejects with the code STORE_NOT_READY, which isOutage knows. */
  readonly database: Database<Schema>;
  /** Resolves once the schema is there. Never rejects, and never resolves once closed. */
  readonly ready: Promise<void>;
  /** For openServer: ready when the schema is there and the database answers. */
  readonly dependency: Dependency;
  close(): Promise<void>;
}

const retryMs = 1_000;
const fileMs = 2_000;

/** Resolves at once, also when the database is away. @throws Error of SQLite only: see openSqliteFile */
export async function openStore<Schema>(
  { log, migrationsFolder }: Pick<ServiceParts, "log" | "migrationsFolder">,
  { name, settings, prepare }: StoreOptions<Schema>,
): Promise<Store<Schema>> {
  const database = await openDatabase<Schema>(settings);
  const closing = new AbortController();
  let problem: string | undefined = "its schema is not there yet";
  let retry: NodeJS.Timeout | undefined;
  let attempt: Promise<void> | undefined;
  const attemptOnce = async (done: () => void): Promise<void> => {
    try {
      await migrate(database, await readMigrations(migrationsFolder, settings.kind), closing.signal);
      await prepare?.(database);
      problem = undefined;
      done();
    } catch (error) {
      if (closing.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      if (message !== problem) log.warn({ store: name, problem: message }, "database not ready");
      problem = message;
      retry = setTimeout(() => {
        attempt = attemptOnce(done);
      }, retryMs).unref();
    }
  };
  const ready = new Promise<void>((resolve) => {
    attempt = attemptOnce(resolve);
  });
  // A file takes no time, unless another process is at it.
  if (settings.kind === "sqlite") await within(Promise.resolve(attempt), fileMs).catch(() => {});
  const mustBeReady = () => {
    if (problem === undefined) return;
    throw Object.assign(new Error(`${name}: ${problem}`), { code: "STORE_NOT_READY" });
  };
  return {
    database: guard(database, mustBeReady),
    ready,
    dependency: {
      name,
      check: () => (problem === undefined ? database.ping() : Promise.reject(new Error(problem))),
    },
    async close() {
      closing.abort(new Error("the store is closed"));
      clearTimeout(retry);
      await attempt;
      await database.close();
    },
  };
}

/** The same with a check before whatever reads or writes: with half a schema an answer would be a bug's. */
function guard<Schema>(database: Database<Schema>, check: () => void): Database<Schema> {
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => {
      check();
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  return {
    ...database,
    db: database.db.withPlugin(plugin),
    transact: async (work) => {
      check();
      return database.transact(work);
    },
  };
}
