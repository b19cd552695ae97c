import { type BulkRow, type BulkSession, type BulkTable, openBulk } from "../../../kit/sql/bulk/bulk.js";
import { within } from "../../../kit/within.js";
import { isMissingTable } from "../store-errors.js";
import type { SeedStore } from "../stores.js";
import type { RowBatch, SqlPart, TableShape } from "../world/parts.js";
import { tablesOf } from "../world/tables.js";
import { passwordHashPlaceholder } from "../world/world.js";
import { markName, parseMark } from "./mark.js";
import type { Filling, PartLoader } from "./part-loader.js";
import { removals } from "./removals.js";

export type SqlStore = Extract<SeedStore, { kind: "sql" }> & { readonly part: SqlPart };

export interface SqlLoader extends PartLoader {
  readonly session: BulkSession;
}

/** Ids of what belongs to the data set: users, in the exchange orders. */
export const idTable: BulkTable = { name: "mybroker_seed_ids", columns: [{ name: "id", kind: "text" }] };

/** The right collation or MySQL does not compare the ids with those of the services' tables. */
const tableEnd = { mysql: " character set utf8mb4 collate utf8mb4_bin", postgres: "", sqlite: "" };

/** For what an end is waited for. */
const graceMs = 500;

/** Rows go in by the fastest way that the server takes (kit/sql/bulk). @throws what its client says */
export async function openSqlLoader(store: SqlStore): Promise<SqlLoader> {
  const session = await openBulk(store.settings);
  const { staging } = session;
  const staged: Counts = {};
  return {
    store,
    session,
    method: session.method,
    readMark: () => readMark(session, store.part),
    remove: () => remove(session, store.part),
    ...(staging === undefined
      ? { fill: (filling) => fill(session, store.part, filling) }
      : {
          stage: (filling) => putOwn(staging.add, { part: store.part, filling, counts: staged }),
          fill: async (filling) => {
            await staging.load();
            await putShared(session, { part: store.part, filling, counts: staged });
            return staged;
          },
        }),
    writeMark: async (mark) => {
      await session.execute(`delete from ${markName} where part = ?`, [store.part]);
      await session.execute(`insert into ${markName} (part, mark) values (?, ?)`, [
        store.part,
        JSON.stringify(mark),
      ]);
    },
    commit: () => session.commit(),
    close: async () => {
      // Behind a statement that was abandoned it would wait for its end: without the connection the server undoes it
      // too.
      await within(session.rollback(), graceMs).catch(() => {});
      await session.close();
    },
  };
}

/** Tables of the seed's own. Before the transaction: MySQL ends one at each change of the schema. */
export async function prepareTables(session: BulkSession): Promise<void> {
  const end = tableEnd[session.kind];
  await session.execute(
    `create table if not exists ${markName} (part varchar(20) not null primary key, mark text not null)${end}`,
  );
  await session.execute(`create table if not exists ${idTable.name} (id varchar(64) not null)${end}`);
  await session.commit();
}

async function readMark(session: BulkSession, part: SqlPart) {
  try {
    const rows = await session.query<{ mark: string }>(`select mark from ${markName} where part = ?`, [part]);
    return parseMark(rows[0]?.mark);
  } catch (error) {
    if (!isMissingTable(error)) throw error;
    return undefined;
  } finally {
    await session.rollback();
  }
}

async function remove(session: BulkSession, part: SqlPart): Promise<number> {
  let removed = 0;
  for (const statement of removals[part]) {
    const changed = await session.execute(statement);
    if (statement.startsWith("delete")) removed += changed;
  }
  await session.execute(`delete from ${idTable.name}`);
  return removed;
}

/** Rows by table. */
type Counts = Record<string, number>;

interface Put {
  readonly part: SqlPart;
  readonly filling: Filling;
  readonly counts: Counts;
}

async function fill(session: BulkSession, part: SqlPart, filling: Filling): Promise<Counts> {
  const put = { part, filling, counts: {} };
  await putOwn(session.load, put);
  await putShared(session, put);
  await session.flush();
  return put.counts;
}

/** The rows of the users, and their ids. */
async function putOwn(load: BulkSession["load"], { part, filling, counts }: Put): Promise<void> {
  const { world, userIds, signal } = filling;
  // The exchange knows its own by their numbers, and the catalogue is nobody's.
  if (part !== "exchange" && part !== "asset")
    for (let from = 0; from < userIds.length; from += 1_000)
      await load(
        idTable,
        userIds.slice(from, from + 1_000).map((id) => [id]),
      );
  for (const { table, rows } of world.rowsOf(part)) {
    if (table.shared) continue;
    signal.throwIfAborted();
    await load(table, table.name === "users" ? withHash(table, rows, filling.passwordHash) : rows);
    if (table.name === "reservations") await load(idTable, tombstones(table, rows));
    count(filling, counts, { table, rows });
  }
}

/** What is nobody's, where it is not there. */
async function putShared(session: BulkSession, { part, filling, counts }: Put): Promise<void> {
  for (const table of tablesOf[part].filter(({ shared }) => shared)) {
    const present = await readKeys(session, table);
    for (const batch of filling.world.rowsOf(part, table.name)) {
      const rows = batch.rows.filter((row) => !present.has(keyOf(table, row)));
      await session.load(table, rows);
      count(filling, counts, { table, rows });
    }
  }
}

function count({ onRows }: Filling, counts: Counts, { table, rows }: RowBatch): void {
  counts[table.name] = (counts[table.name] ?? 0) + rows.length;
  onRows(Object.values(counts).reduce((sum, one) => sum + one, 0));
}

function withHash({ columns }: TableShape, rows: readonly BulkRow[], hash: string): BulkRow[] {
  const place = columns.findIndex(({ name }) => name === "password_hash");
  return rows.map((row) => {
    if (row[place] !== passwordHashPlaceholder)
      throw new Error("a user of the data set has no place for a hash");
    return row.with(place, hash);
  });
}

/** Their ids, by which alone they are found again. */
function tombstones({ columns }: TableShape, rows: readonly BulkRow[]): BulkRow[] {
  const user = columns.findIndex(({ name }) => name === "user_id");
  const order = columns.findIndex(({ name }) => name === "order_id");
  return rows.flatMap((row) => (row[user] === null ? [[row[order] ?? null]] : []));
}

async function readKeys(session: BulkSession, { name, key }: TableShape): Promise<Set<string>> {
  const rows = await session.query<Record<string, unknown>>(`select ${key.join(", ")} from ${name}`);
  return new Set(rows.map((row) => key.map((column) => String(row[column])).join(" ")));
}

function keyOf({ columns, key }: TableShape, row: BulkRow): string {
  return key.map((column) => String(row[columns.findIndex(({ name }) => name === column)])).join(" ");
}
