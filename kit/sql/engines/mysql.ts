import { MysqlDialect, type MysqlPool, type MysqlPoolConnection, sql } from "kysely";
import type { Connection, ConnectionOptions, Pool, PoolConnection, RowDataPacket } from "mysql2";
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

export async function openMysql(settings: ServerSettings): Promise<SqlEngine> {
  const { createPool } = await import("../../drivers/mysql2.js");
  const connectionLimit = settings.poolSize ?? defaultPoolSize;
  const pool = createPool({ ...toConnectionOptions(settings), connectionLimit, queueLimit: 1_000 });
  pool.on("connection", (connection) => {
    // Sent ahead of the first statement; should it fail the connection is of no use.
    connection.query(session, (error) => error && connection.destroy());
  });
  return {
    driver: new MysqlDialect({ pool: withTimeLimit(pool) }),
    dialect,
    isTransient: (error) => transient.includes(errorNumber(error)),
    tryLock: (name) => tryLock(settings, name),
  };
}

/** For a session, whatever the server's own settings are: nothing is bent to fit, and times are in UTC. */
export const sessionRules = `
  sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,ONLY_FULL_GROUP_BY',
  time_zone = '+00:00', transaction_isolation = 'READ-COMMITTED'`;

const session = `set session innodb_lock_wait_timeout = ${lockTimeoutMs / 1_000},
  max_execution_time = ${statementTimeoutMs}, ${sessionRules}`;

/** ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK. */
const transient = [1205, 1213];

function errorNumber(error: unknown): number {
  return Number((error as { errno?: unknown } | null)?.errno);
}

/**
 * ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR: a session keeps the rights in
 * its database that it began with, so that one of the pool would be refused for ever, whatever is granted.
 */
const keptRefusals = [1044, 1142, 1143];

/** ER_DUP_ENTRY. */
const isDuplicate = (error: unknown) => errorNumber(error) === 1062;

const dialect: SqlDialect = {
  kind: "mysql",
  // Without the cast a string in a sum is a DOUBLE, which is not exact.
  money: (amount) => sql<SqlMoney>`cast(${formatDecimal(amount)} as decimal(19,4))`,
  timestamp: (at) =>
    sql<SqlTimestamp>`cast(${formatTimestamp(at).slice(0, -1).replace("T", " ")} as datetime(6))`,
  async insertIgnore(query) {
    try {
      await query.execute();
      return true;
    } catch (error) {
      // Only the statement is undone, the transaction goes on.
      if (!isDuplicate(error)) throw error;
      return false;
    }
  },
  isDuplicate,
  upsert(query, _keys, columns) {
    const set = Object.fromEntries(columns.map((column) => [column, sql`values(${sql.ref(column)})`]));
    return query.onDuplicateKeyUpdate(set as never);
  },
  forUpdate: (query) => query.forUpdate(),
};

/** Of every connection: exact values, as text where a number would not be. */
export function toConnectionOptions(settings: ServerSettings): ConnectionOptions {
  const { host, port, user, password, database } = settings;
  return {
    ...{ host, port, user, password, database },
    connectTimeout: connectTimeoutMs,
    charset: "UTF8MB4_BIN",
    dateStrings: true,
    supportBigNumbers: true,
    // An object as a value would become `column = value` pairs.
    stringifyObjects: true,
    enableKeepAlive: true,
  };
}

/**
 * mysql2 waits for an answer for ever; a connection that owes one is of no use to the next query. Nor is a stale one.
 */
function withTimeLimit(pool: Pool): MysqlPool {
  return {
    getConnection: (callback) => {
      pool.getConnection((error, connection) =>
        error ? callback(error, undefined as never) : callback(undefined, limitQueries(connection)),
      );
    },
    end: (callback) => pool.end((error) => callback(error)),
  };
}

const limited = new WeakMap<PoolConnection, MysqlPoolConnection>();

function limitQueries(connection: PoolConnection): MysqlPoolConnection {
  const known = limited.get(connection);
  if (known !== undefined) return known;
  const query = (
    text: string,
    values: readonly unknown[],
    callback: (error: unknown, result: unknown) => void,
  ) =>
    connection.query({ sql: text, values: [...values], timeout: answerTimeoutMs }, (error, result) => {
      if (error?.code === "PROTOCOL_SEQUENCE_TIMEOUT" || keptRefusals.includes(errorNumber(error)))
        connection.destroy();
      callback(error, result);
    });
  const made = { query, release: () => connection.release() } as unknown as MysqlPoolConnection;
  limited.set(connection, made);
  return made;
}

async function tryLock(settings: ServerSettings, name: string): Promise<SqlLock | undefined> {
  checkLockName(name);
  const { createConnection } = await import("../../drivers/mysql2.js");
  const connection = createConnection(toConnectionOptions(settings));
  connection.on("error", () => {});
  // Locks are the server's, not the database's.
  const lock = `${settings.database}.${name}`.slice(-64);
  const end = () => connection.destroy();
  try {
    if (!(await ask(connection, "select get_lock(?, 0) as held", lock))) {
      end();
      return undefined;
    }
  } catch (error) {
    end();
    throw error;
  }
  return holdLock({
    ask: () => ask(connection, "select is_used_lock(?) = connection_id() as held", lock),
    onEnd: (listener) => {
      connection.once("end", listener);
      connection.once("error", listener);
    },
    end,
  });
}

function ask(connection: Connection, text: string, lock: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    connection.query<RowDataPacket[]>(
      { sql: text, values: [lock], timeout: connectTimeoutMs },
      (error, rows) => (error ? reject(error) : resolve(rows[0]?.held === 1)),
    );
  });
}
