import { createHash } from "node:crypto";
import { PostgresDialect, type PostgresPool, type PostgresPoolClient, sql } from "kysely";
import type { ClientConfig, CustomTypesConfig, Pool as ServerPool } from "pg";
import { formatDecimal } from "../../money.js";
import { formatTimestamp, type SqlMoney, type SqlTimestamp } from "../columns.js";
import type { SqlDialect } from "../dialect.js";
import { checkLockName, holdLock, type SqlLock } from "../lock.js";
import {
  answerTimeoutMs,
  connectTimeoutMs,
  defaultPoolSize,
  lockTimeoutMs,
  type ServerSettings,
  type SqlEngine,
  statementTimeoutMs,
} from "./engine.js";
import { insertOrNothing, upsertOnConflict } from "./on-conflict.js";

export async function openPostgres(settings: ServerSettings): Promise<SqlEngine> {
  const { Pool, types } = await import("../../drivers/pg.js");
  const pool = new Pool({ ...configure(settings, types), max: settings.poolSize ?? defaultPoolSize });
  // An idle connection that the server ends; the next query opens another.
  pool.on("error", () => {});
  // One in use tells its query; the event would end the process, for then the pool does not listen.
  pool.on("connect", (client) => client.on("error", () => {}));
  return {
    driver: new PostgresDialect({ pool: withoutStaleSessions(pool) }),
    dialect,
    isTransient,
    tryLock: (name) => tryLock(settings, name),
  };
}

const dialect: SqlDialect = {
  kind: "postgres",
  money: (amount) => sql<SqlMoney>`${formatDecimal(amount)}::numeric(19,4)`,
  timestamp: (at) => sql<SqlTimestamp>`${formatTimestamp(at)}::timestamptz`,
  insertIgnore: insertOrNothing,
  upsert: upsertOnConflict,
  // unique_violation
  isDuplicate: (error) => codeOf(error) === "23505",
  forUpdate: (query) => query.forUpdate(),
};

/**
 * A session that began while the server, or the database, was read-only stays so when it takes writes again; the pool
 * would hand out the one used last for ever.
 */
function withoutStaleSessions(pool: ServerPool): PostgresPool {
  return {
    connect: async () => {
      const client = await pool.connect();
      let isStale = false;
      const query = async (text: string, values: unknown[]) => {
        try {
          return await client.query(text, values);
        } catch (error) {
          isStale ||= codeOf(error) === readOnlyTransaction;
          throw error;
        }
      };
      return { query, release: () => client.release(isStale) } as unknown as PostgresPoolClient;
    },
    end: () => pool.end(),
  };
}

/** read_only_sql_transaction (Postgres, appendix A). */
const readOnlyTransaction = "25006";

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}

function configure(settings: ServerSettings, types: CustomTypesConfig): ClientConfig {
  const { host, port, user, password, database } = settings;
  return {
    ...{ host, port, user, password, database },
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: 3 * statementTimeoutMs,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
    options: "-c TimeZone=UTC -c default_transaction_isolation=read\\ committed",
    types: chooseParser(types),
  };
}

const bigintType = 20;
const timestamptzType = 1184;
const numericType = 1700;

const keepText = (text: string): string => text;
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [bigintType]: toSafeInteger,
  [numericType]: keepText,
  [timestamptzType]: keepText,
};

function chooseParser(types: CustomTypesConfig): CustomTypesConfig {
  return { getTypeParser: (type, format) => parsers[type] ?? types.getTypeParser(type, format) };
}

function toSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond a safe integer`);
  return value;
}

/** Serialization failure, deadlock, lock not available (Postgres, appendix A). */
function isTransient(error: unknown): boolean {
  return ["40001", "40P01", "55P03"].includes(codeOf(error));
}

async function tryLock(settings: ServerSettings, name: string): Promise<SqlLock | undefined> {
  checkLockName(name);
  const { Client, types } = await import("../../drivers/pg.js");
  const client = new Client({ ...configure(settings, types), query_timeout: connectTimeoutMs });
  client.on("error", () => {});
  await client.connect();
  const key = createHash("sha256").update(name).digest().readBigInt64BE().toString();
  const end = () => void client.end().catch(() => {});
  try {
    const { rows } = await client.query("select pg_try_advisory_lock($1) as held", [key]);
    if (rows[0]?.held !== true) {
      end();
      return undefined;
    }
  } catch (error) {
    end();
    throw error;
  }
  return holdLock({
    ask: async () => (await client.query("select 1")).rowCount === 1,
    onEnd: (listener) => client.once("end", listener),
    end,
  });
}
