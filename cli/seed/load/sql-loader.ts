import { type BulkRow, type BulkSession, type BulkTable, openBulk } from "../../../kit/sql/bulk/bulk.js";
import type { SeedStore } from "../stores.js";
import type { SqlPart, TableShape } from "../world/parts.js";
import { passwordHashPlaceholder } from "../world/world.js";
import { isMissingTable } from "./explain-failure.js";
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

export async function openSqlLoader(store: SqlStore): Promise<SqlLoader> {
  const session = await openBulk(store.settings);
  return {
    store,
    session,
    method: session.method,
    readMark: () => readMark(session, store.part),
    remove: () => remove(session, store.part),
    fill: (filling) => fill(session, store.part, filling),
    writeMark: async (mark) => {
      await session.execute(`delete from ${markName} where part = ?`, [store.part]);
      await session.execute(`insert into ${markName} (part, mark) values (?, ?)`, [
        store.part,
        JSON.stringify(mark),
      ]);
    },
    commit: () => session.commit(),
    close: async () => {
      await session.rollback();
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
  for (const statement of removals[part]) removed += await session.execute(statement);
  await session.execute(`delete from ${idTable.name}`);
  return removed;
}

async function fill(session: BulkSession, part: SqlPart, filling: Filling): Promise<Record<string, number>> {
  const { world, userIds, signal, onRows } = filling;
  const rows: Record<string, number> = {};
  let total = 0;
  // The exchange knows its own by their numbers, and the catalogue is nobody's.
  if (part !== "exchange" && part !== "asset")
    for (let from = 0; from < userIds.length; from += 1_000)
      await session.load(
        idTable,
        userIds.slice(from, from + 1_000).map((id) => [id]),
      );
  let present: { table: TableShape; keys: ReadonlySet<string> } | undefined;
  for (const batch of world.rowsOf(part)) {
    signal.throwIfAborted();
    const { table } = batch;
    let wanted = table.name === "users" ? withHash(table, batch.rows, filling.passwordHash) : batch.rows;
    if (table.shared) {
      if (present?.table !== table) present = { table, keys: await readKeys(session, table) };
      const { keys } = present;
      wanted = wanted.filter((row) => !keys.has(keyOf(table, row)));
    }
    await session.load(table, wanted);
    if (table.name === "reservations") await session.load(idTable, tombstones(table, wanted));
    rows[table.name] = (rows[table.name] ?? 0) + wanted.length;
    total += wanted.length;
    onRows(total);
  }
  await session.flush();
  return rows;
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
