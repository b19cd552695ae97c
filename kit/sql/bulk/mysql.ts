import { Readable } from "node:stream";
import type { Connection, ResultSetHeader, RowDataPacket } from "mysql2";
import type { ServerSettings } from "../engines/engine.js";
import { sessionRules, toConnectionOptions } from "../engines/mysql.js";
import { withCode } from "../sqlite-errors.js";
import type { BulkRow, BulkSession, BulkTable, BulkValue } from "./bulk.js";
import { createLineEncoder, formatNumber } from "./encode-text.js";
import { createGatherer, toBuffers } from "./gather.js";
import { createTransaction } from "./transaction.js";

const session = `set session innodb_lock_wait_timeout = 50, max_execution_time = 0, ${sessionRules}`;

export async function openMysqlBulk(settings: ServerSettings): Promise<BulkSession> {
  const { createConnection } = await import("../../drivers/mysql2.js");
  const connection = createConnection(toConnectionOptions(settings));
  connection.on("error", () => {});
  const run = <Result extends ResultSetHeader | RowDataPacket[]>(
    statement: string,
    values: readonly BulkValue[] = [],
  ): Promise<Result> =>
    new Promise((resolve, reject) => {
      connection.query<Result>({ sql: statement, values: [...values] }, (error, result) =>
        error ? reject(error) : resolve(result),
      );
    });
  let allowed: boolean;
  try {
    await run(session);
    const [row] = await run<RowDataPacket[]>("select @@global.local_infile as allowed");
    allowed = row?.allowed === 1;
  } catch (error) {
    connection.destroy();
    throw error;
  }
  const gatherer = allowed
    ? createGatherer(
        (table) => createLineEncoder(table, formatTime),
        (...piece) => loadData(connection, ...piece),
      )
    : createGatherer(
        (table) => createTupleEncoder(connection, table),
        async (table, pieces) => {
          const into = `insert into ${nameOf(table)} values ${pieces.join("").slice(0, -1)}`;
          await run<ResultSetHeader>(into);
        },
      );
  return {
    kind: "mysql",
    method: allowed ? "LOAD DATA LOCAL" : "INSERT",
    ...createTransaction(gatherer, {
      begin: () => run("begin"),
      commit: () => run("commit"),
      rollback: () => run("rollback"),
      execute: async (statement, values) => (await run<ResultSetHeader>(statement, values)).affectedRows,
      query: (statement, values) => run<RowDataPacket[]>(statement, values),
    }),
    close: async () => connection.destroy(),
  };
}

const nameOf = ({ name, columns }: BulkTable) =>
  `\`${name}\` (${columns.map((column) => `\`${column.name}\``).join(", ")})`;

/** "2026-11-22 10:00:00.123" */
function formatTime(atMs: number): string {
  const text = new Date(atMs).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 23)}`;
}

/**
 * With LOCAL the server has no way to stop what it is sent: it leaves out what it cannot take and bends what does not
 * fit, with warnings. So nothing of that may have happened.
 */
async function loadData(
  connection: Connection,
  table: BulkTable,
  pieces: readonly string[],
  rows: number,
): Promise<void> {
  const [target, columns] = [`\`${table.name}\``, nameOf(table).slice(table.name.length + 2)];
  const sql = `load data local infile 'rows' into table ${target} character set utf8mb4
    fields terminated by '\\t' escaped by '\\\\' lines terminated by '\\n' ${columns}`;
  const infileStreamFactory = () => Readable.from(toBuffers(pieces));
  const { affectedRows, warningStatus } = await new Promise<ResultSetHeader>((resolve, reject) => {
    connection.query<ResultSetHeader>({ sql, infileStreamFactory }, (error, result) =>
      error ? reject(error) : resolve(result),
    );
  });
  if (affectedRows === rows && warningStatus === 0) return;
  const [warning] = await new Promise<RowDataPacket[]>((resolve, reject) => {
    connection.query<RowDataPacket[]>("show warnings limit 1", (error, found) =>
      error ? reject(error) : resolve(found),
    );
  });
  const why = warning === undefined ? "" : `: ${warning.Message}`;
  const error = withCode("BULK_REFUSED", `${table.name} took ${affectedRows} of ${rows} rows${why}`);
  throw Object.assign(error, { errno: warning?.Code });
}

/** "(…)," for a multi-row INSERT. */
function createTupleEncoder(connection: Connection, { columns }: BulkTable): (row: BulkRow) => string {
  return (row) => {
    const values = columns.map(({ kind }, column) => {
      const value = row[column] ?? null;
      if (value === null) return "null";
      if (kind === "text") return connection.escape(String(value));
      const text = formatNumber(kind, value, formatTime);
      return kind === "timestamp" ? `'${text}'` : text;
    });
    return `(${values.join(",")}),`;
  };
}
