import { setImmediate } from "node:timers/promises";
import type { SqliteSettings } from "../database.js";
import { openSqliteFile, type SqliteFile } from "../sqlite-file.js";
import { whileBusy } from "../while-busy.js";
import type { BulkRow, BulkSession, BulkTable, Staging } from "./bulk.js";
import type { Gatherer } from "./gather.js";
import { createTransaction } from "./transaction.js";

/** The process that runs the services writes in between; each of its transactions takes milliseconds. */
const busyForMs = 10_000;

export async function openSqliteBulk(settings: SqliteSettings): Promise<BulkSession> {
  const file = await openSqliteFile(settings.path, { ...settings, bulk: true });
  const transaction = createTransaction(createInserter(file), {
    begin: () => whileBusy(() => file.exec("BEGIN IMMEDIATE"), busyForMs),
    commit: async () => file.exec("COMMIT"),
    // A full disk has ended it already.
    rollback: async () => file.inTransaction && file.exec("ROLLBACK"),
    execute: async (statement, values) => file.run(statement, values),
    query: async (statement, values) => file.all(statement, values),
    readsWithout: true,
  });
  return {
    kind: "sqlite",
    method: "INSERT",
    ...transaction,
    staging: createStaging(file, transaction.execute),
    close: async () => {
      // libsql keeps the connection until its statements are collected as garbage, and with it the lock.
      if (file.inTransaction) file.exec("ROLLBACK");
      file.close();
    },
  };
}

/** Values that one statement takes: beyond it a longer statement is no faster. */
const mostValues = 1_000;

/** Nothing is gathered: a row is in the file sooner than its text would be made. */
function createInserter(file: SqliteFile): Gatherer {
  const insert = createInsert(file);
  return {
    async add(table, rows) {
      insert(table, rows);
      // Calls of SQLite hold up the whole process: signals and the other stores have their turn.
      await setImmediate();
    },
    flush: async () => {},
    clear: async () => {},
  };
}

/** In temporary tables, which belong to the connection alone, need no lock and are gone with the process. */
function createStaging(file: SqliteFile, execute: (statement: string) => Promise<number>): Staging {
  const insert = createInsert(file);
  const staged = new Map<string, BulkTable>();
  return {
    async add(table, rows) {
      const aside = { name: `staged_${table.name}`, columns: table.columns };
      if (!staged.has(table.name)) file.exec(`create temp table "${aside.name}" (${namesOf(aside)})`);
      staged.set(table.name, table);
      // A plain one locks only what it writes to.
      file.exec("BEGIN");
      insert(aside, rows);
      file.exec("COMMIT");
      await setImmediate();
    },
    async load() {
      for (const { name, columns } of staged.values()) {
        await execute(
          // By what the key begins with: a table is filled in the order of its key.
          `insert into main."${name}" (${namesOf({ name, columns })}) select * from temp."staged_${name}" order by 1`,
        );
        await setImmediate();
      }
    },
  };
}

function createInsert(file: SqliteFile): (table: BulkTable, rows: readonly BulkRow[]) => void {
  const statements = new Map<string, string>();
  const statementOf = (table: BulkTable, rows: number): string => {
    const key = `${table.name} ${rows}`;
    const known = statements.get(key) ?? insertOf(table, rows);
    statements.set(key, known);
    return known;
  };
  return (table, rows) => {
    const { columns } = table;
    const atOnce = Math.max(1, Math.floor(mostValues / columns.length));
    for (let from = 0; from < rows.length; from += atOnce) {
      const part = rows.slice(from, from + atOnce);
      file.run(statementOf(table, part.length), toValues(columns, part));
    }
  };
}

const namesOf = ({ columns }: BulkTable) => columns.map(({ name }) => `"${name}"`).join();

function insertOf(table: BulkTable, rows: number): string {
  const marks = `(${table.columns.map(() => "?").join()})`;
  return `insert into "${table.name}" (${namesOf(table)}) values ${Array(rows).fill(marks).join()}`;
}

function toValues(columns: BulkTable["columns"], rows: readonly BulkRow[]): unknown[] {
  const values: unknown[] = [];
  for (const row of rows) {
    for (let column = 0; column < columns.length; column += 1) {
      const value = row[column] ?? null;
      // Microseconds, as the services keep them.
      values.push(value !== null && columns[column]?.kind === "timestamp" ? Number(value) * 1_000 : value);
    }
  }
  return values;
}
