import type { DatabaseSettings } from "../database.js";

/** What a column holds, apart from how a server keeps it. */
export type BulkKind = "text" | "integer" | "money" | "timestamp" | "milliseconds";

export interface BulkTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly kind: BulkKind }[];
}

/**
 * In the order of the table's columns. Money is a count of 1/10000 BRL; a timestamp is Unix time in ms and becomes what
 * the services' own columns have (DATETIME(6), timestamptz, microseconds in SQLite); milliseconds stay a number.
 */
export type BulkRow = readonly BulkValue[];
export type BulkValue = string | number | null;

export type BulkMethod = "COPY" | "LOAD DATA LOCAL" | "INSERT";

/**
 * One connection and one transaction, for many rows: what is done here is seen by others after commit() and not at all
 * if the process dies before it. No time limit of the services' connections holds here. One call at a time.
 */
export interface BulkSession {
  readonly kind: DatabaseSettings["kind"];
  /** How rows are sent; INSERT on MySQL where the server does not allow LOAD DATA LOCAL. */
  readonly method: BulkMethod;
  /**
   * Takes rows for a table. They are gathered and sent 400 kB at a time, while the next ones are made; this waits
   * when the server has not yet taken the piece before. What goes wrong may show in a later call.
   * @throws the server's error, as for a row whose key is there; Error with the code BULK_REFUSED where it changed rows
   */
  load(table: BulkTable, rows: readonly BulkRow[]): Promise<void>;
  /** Sends what is gathered. Every other call does so first. */
  flush(): Promise<void>;
  /** Only where a transaction keeps everybody else from writing: SQLite. */
  readonly staging?: Staging;
  /** One statement with "?" for each value; returns how many rows it changed. */
  execute(statement: string, values?: readonly BulkValue[]): Promise<number>;
  /**
   * Rows of one statement; integers as numbers, decimals as text (SQLite: an integer). There it begins no transaction.
   */
  query<Row extends object>(statement: string, values?: readonly BulkValue[]): Promise<Row[]>;
  /** Ends the transaction; the next call begins another. */
  commit(): Promise<void>;
  /** Undoes what was not committed; never fails. */
  rollback(): Promise<void>;
  /** Ends the connection; what was not committed is undone. */
  close(): Promise<void>;
}

/** Rows are made and kept aside while others write, so that the transaction itself is short. */
export interface Staging {
  /** Keeps rows in a temporary table, before the transaction begins; nobody waits for it. */
  add(table: BulkTable, rows: readonly BulkRow[]): Promise<void>;
  /** Puts what was kept into the tables, as part of the transaction. */
  load(): Promise<void>;
}

/**
 * Connects, and begins the transaction at the first statement.
 * @throws the client's error where the server does not answer within 3 s or refuses the login; see openSqliteFile
 */
export async function openBulk(settings: DatabaseSettings): Promise<BulkSession> {
  switch (settings.kind) {
    case "sqlite":
      return (await import("./sqlite.js")).openSqliteBulk(settings);
    case "mysql":
      return (await import("./mysql.js")).openMysqlBulk(settings);
    case "postgres":
      return (await import("./postgres.js")).openPostgresBulk(settings);
  }
}
