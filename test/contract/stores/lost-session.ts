import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { type DatabaseSettings, openDatabase } from "../../../kit/sql/database.js";

/** What a server can do to a session; `settings` is read once the server runs. */
export function describeLostSession(kind: "mysql" | "postgres", settings: () => DatabaseSettings): void {
  describe(`${kind}: a session that the server ends`, () => {
    it("tells the holder of its lock at once, which another can then have", async () => {
      const database = await openDatabase(settings());
      const lock = await database.tryLock("relay");
      if (kind === "mysql") {
        const used = sql<{ id: number }>`select is_used_lock(concat(database(), '.relay')) as id`;
        const [row] = (await used.execute(database.db)).rows;
        await sql.raw(`kill ${row?.id}`).execute(database.db);
      } else {
        const end = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'";
        await sql.raw(end).execute(database.db);
      }
      await expect.poll(() => lock?.lost.aborted, { timeout: 4_000 }).toBe(true);
      const next = await database.tryLock("relay");
      expect(next).toBeDefined();
      await next?.release();
      await database.close();
    });

    it("fails the transaction on it, names the reason, and leaves the pool usable", async () => {
      const database = await openDatabase(settings());
      const own = kind === "mysql" ? "connection_id()" : "pg_backend_pid()";
      const end = (id: number) => (kind === "mysql" ? `kill ${id}` : `select pg_terminate_backend(${id})`);
      const work = database.transact(async (transaction) => {
        const [row] = (await sql<{ id: number }>`select ${sql.raw(own)} as id`.execute(transaction)).rows;
        const killer = await openDatabase(settings());
        await sql.raw(end(Number(row?.id))).execute(killer.db);
        await killer.close();
        await sql`select 1`.execute(transaction);
      });
      // Which words depends on whether the end was read before the next query was written.
      await expect(work).rejects.toThrow(/connection|terminat|closed|socket has been ended/i);
      const { rows } = await sql<{ one: number }>`select 1 as one`.execute(database.db);
      expect(rows).toEqual([{ one: 1 }]);
      await database.close();
    });
  });
}
