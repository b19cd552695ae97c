import { writeFileSync } from "node:fs";
import type { TableShape } from "../../../cli/seed/world/parts.js";
import { createWorld } from "../../../cli/seed/world/world.js";
import { type BulkRow, openBulk } from "../../../kit/sql/bulk/bulk.js";
import { createLineEncoder } from "../../../kit/sql/bulk/encode-text.js";
import type { DatabaseSettings } from "../../../kit/sql/database.js";

/** The wallet's ledger of a data set: what has the most rows of all tables. */
export function makeLedger(scale: number): { table: TableShape; rows: BulkRow[] } {
  const world = createWorld({ randomSeed: 42, scale, asOfMs: Date.parse("2026-06-01T15:00:00Z") });
  const batches = [...world.rowsOf("wallet", "transactions")];
  const [first] = batches;
  if (first === undefined) throw new Error("the data set has no ledger");
  return { table: first.table, rows: batches.flatMap(({ rows }) => rows) };
}

/** The same rows as the servers' own clients read them. */
export function writeLedger(
  path: string,
  { table, rows }: { table: TableShape; rows: readonly BulkRow[] },
): void {
  const encode = createLineEncoder(table, (atMs) =>
    new Date(atMs).toISOString().replace("T", " ").slice(0, -1),
  );
  writeFileSync(path, rows.map(encode).join(""));
}

/** Milliseconds from the first row to the end of the commit, into an empty table; the connection is there before. */
export async function timeBulk(
  settings: DatabaseSettings,
  { table, rows }: { table: TableShape; rows: readonly BulkRow[] },
): Promise<number> {
  const bulk = await openBulk(settings);
  await bulk.execute(`truncate table ${table.name}`);
  await bulk.commit();
  const startedMs = performance.now();
  for (let from = 0; from < rows.length; from += 1_000)
    await bulk.load(table, rows.slice(from, from + 1_000));
  await bulk.commit();
  const tookMs = performance.now() - startedMs;
  const [found] = await bulk.query<{ total: number }>(`select count(*) as total from ${table.name}`);
  await bulk.close();
  if (found?.total !== rows.length) throw new Error(`${found?.total} of ${rows.length} rows are there`);
  return tookMs;
}

export async function makeTable(settings: DatabaseSettings, statements: readonly string[]): Promise<void> {
  const bulk = await openBulk(settings);
  for (const statement of statements) await bulk.execute(statement);
  await bulk.commit();
  await bulk.close();
}
