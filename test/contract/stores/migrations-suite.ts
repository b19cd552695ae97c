import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Database, type DatabaseSettings, openDatabase } from "../../../kit/sql/database.js";
import type { SqlKind } from "../../../kit/sql/dialect.js";
import { migrate, readMigrations } from "../../../kit/sql/migrate.js";

interface Schema {
  notes: { id: number };
  schema_migrations: { name: string; statements: number };
}

/** How a schema is brought forward, on every engine; `settings` is read once the server runs. */
export function describeMigrations(kind: SqlKind, settings: () => DatabaseSettings): void {
  const folder = mkdtempSync(join(tmpdir(), "migrations-"));
  let database: Database<Schema>;
  let other: Database<Schema>;

  beforeAll(async () => {
    database = await openDatabase<Schema>(settings());
    other = await openDatabase<Schema>(settings());
  });
  afterAll(async () => {
    await dropAll();
    await database.close();
    await other.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    await dropAll();
    for (const file of readdirSync(folder)) rmSync(join(folder, file));
    write("001-notes", "-- A note; on two lines\ncreate table notes (id integer primary key);\n");
    write("002-first", "insert into notes values (1);\ninsert into notes\n  values (2);");
  });

  async function dropAll(): Promise<void> {
    for (const table of ["notes", "extra", "missing", "schema_migrations"]) {
      await sql`drop table if exists ${sql.table(table)}`.execute(database.db);
    }
  }
  function write(name: string, text: string): void {
    writeFileSync(join(folder, `${name}.${kind}.sql`), text);
  }
  const run = async (on = database) => migrate(on, await readMigrations(folder, kind));
  const readNotes = async () => {
    const rows = await database.db.selectFrom("notes").select("id").orderBy("id").execute();
    return rows.map(({ id }) => id);
  };

  describe(`${kind}: migrations`, () => {
    it("are applied in order, once, and each later one when it comes", async () => {
      writeFileSync(join(folder, "001-notes.other.sql"), "not for this engine;");
      expect(await run()).toEqual(["001-notes", "002-first"]);
      expect(await run(other)).toEqual([]);
      write("003-second", "insert into notes values (3);\n");
      expect(await run()).toEqual(["003-second"]);
      expect(await readNotes()).toEqual([1, 2, 3]);
    });

    it("are applied by one of several runners at once", async () => {
      const applied = await Promise.all([run(), run(other), run(), run(other)]);
      expect(applied.flat().sort()).toEqual(["001-notes", "002-first"]);
      expect(await readNotes()).toEqual([1, 2]);
    });

    it("that were changed after they were applied are refused by name, line ends aside", async () => {
      await run();
      write("002-first", "insert into notes values (1);\r\ninsert into notes\r\n  values (2);");
      expect(await run()).toEqual([]);
      write("002-first", "insert into notes values (7);\n");
      await expect(run()).rejects.toMatchObject({ code: "MIGRATION_CHANGED", message: /002-first/ });
    });

    it("that come before an applied one are refused by name", async () => {
      await run();
      write("001-later", "insert into notes values (9);\n");
      await expect(run()).rejects.toMatchObject({ code: "MIGRATION_CHANGED", message: /001-/ });
      expect(await readNotes()).toEqual([1, 2]);
    });

    it("that this version does not know mean a newer one: refused", async () => {
      write("003-future", "insert into notes values (3);\n");
      await run();
      rmSync(join(folder, `003-future.${kind}.sql`));
      await expect(run()).rejects.toMatchObject({ code: "DATA_NEWER", message: /003-future/ });
    });

    it(`that fail ${kind === "mysql" ? "go on at the failed statement" : "leave nothing"}`, async () => {
      write(
        "003-fails",
        "create table extra (id integer);\ninsert into missing values (1);\ninsert into notes values (3);\n",
      );
      await expect(run()).rejects.toThrow(/missing/);
      await expect(run()).rejects.toThrow(/missing/);
      expect(await readNotes()).toEqual([1, 2]);
      await sql`create table missing (id integer)`.execute(database.db);
      expect(await run()).toEqual(["003-fails"]);
      expect(await readNotes()).toEqual([1, 2, 3]);
    });

    // The others change tables within a transaction.
    if (kind !== "mysql") return;

    it("go on when their runner died after a statement and before it said so", async () => {
      write("003-dies", "create table extra (id integer);\ninsert into notes values (3);\n");
      await run();
      await database.db
        .updateTable("schema_migrations")
        .set({ statements: -1 })
        .where("name", "=", "003-dies")
        .execute();
      await database.db.deleteFrom("notes").where("id", "=", 3).execute();
      expect(await run()).toEqual(["003-dies"]);
      expect(await readNotes()).toEqual([1, 2, 3]);
    });
  });
}
