import { type InsertQueryBuilder, type InsertResult, sql } from "kysely";

/** SQL of Postgres and SQLite alike. */
export async function insertOrNothing<DB, TB extends keyof DB>(
  query: InsertQueryBuilder<DB, TB, InsertResult>,
): Promise<boolean> {
  const result = await query.onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

export function upsertOnConflict<DB, TB extends keyof DB>(
  query: InsertQueryBuilder<DB, TB, InsertResult>,
  keys: readonly (keyof DB[TB] & string)[],
  columns: readonly (keyof DB[TB] & string)[],
): InsertQueryBuilder<DB, TB, InsertResult> {
  const set = Object.fromEntries(columns.map((column) => [column, sql`excluded.${sql.ref(column)}`]));
  return query.onConflict((conflict) => conflict.columns([...keys]).doUpdateSet(set as never));
}
