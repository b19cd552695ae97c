import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { type Database, type DatabaseSettings, openDatabase } from "../../../kit/sql/database.js";

/** What an administrator does to a server. */
export interface Restriction {
  /** From now on a session that begins may not write. */
  restrict(): Promise<unknown>;
  lift(): Promise<unknown>;
}

/** A session keeps what held when it began; `settings` is read once the server runs. */
export function describeStaleSession(
  kind: "mysql" | "postgres",
  settings: () => DatabaseSettings,
  { restrict, lift }: Restriction,
): void {
  describe(`${kind}: a session that began while nobody could write`, () => {
    it("is left for a new one once it was refused something", async () => {
      const before = await openDatabase(settings());
      await write(before);
      await before.close();
      await restrict();
      const database = await openDatabase(settings());
      try {
        await database.ping();
      } finally {
        await lift();
      }
      await expect(write(database)).rejects.toThrow(/read-only transaction|command denied/);
      await write(database);
      await database.close();
    });
  });
}

async function write({ db }: Database<unknown>): Promise<void> {
  await sql`create table if not exists stale_session (a int)`.execute(db);
  await sql`drop table stale_session`.execute(db);
}
