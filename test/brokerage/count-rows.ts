import { sql } from "kysely";
import { openDatabase } from "../../kit/sql/database.js";

/** Rows of each table of SQLite files, as "file/table". */
export async function countRows(paths: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const path of paths) {
    const { db, close } = await openDatabase<Record<string, never>>({ kind: "sqlite", path });
    try {
      const query = sql<{ name: string }>`select name from sqlite_master where type = 'table'`;
      for (const { name } of (await query.execute(db)).rows) {
        const found = await sql<{ n: number }>`select count(*) as n from ${sql.table(name)}`.execute(db);
        counts[`${path.split("/").at(-1)}/${name}`] = Number(found.rows[0]?.n);
      }
    } finally {
      await close();
    }
  }
  return counts;
}
