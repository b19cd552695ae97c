import fc from "fast-check";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatDecimal, type Money } from "../../../kit/money.js";
import { type BulkSession, type BulkTable, openBulk } from "../../../kit/sql/bulk/bulk.js";
import { readMoney, readTimestamp, type SqlMoney, type SqlTimestamp } from "../../../kit/sql/columns.js";
import { type Database, type DatabaseSettings, openDatabase } from "../../../kit/sql/database.js";

interface Row {
  readonly id: number;
  readonly word: string | null;
  readonly amount: SqlMoney | null;
  readonly at: SqlTimestamp | null;
  readonly at_ms: number | null;
}

interface Schema {
  bulk_rows: Row;
}

const table: BulkTable = {
  name: "bulk_rows",
  columns: [
    { name: "id", kind: "integer" },
    { name: "word", kind: "text" },
    { name: "amount", kind: "money" },
    { name: "at", kind: "timestamp" },
    { name: "at_ms", kind: "milliseconds" },
  ],
};

const types = {
  sqlite: { text: "text", money: "integer", time: "integer", end: "strict" },
  mysql: {
    text: "varchar(100)",
    money: "decimal(19,4)",
    time: "datetime(6)",
    end: "character set utf8mb4 collate utf8mb4_bin",
  },
  postgres: { text: "varchar(100)", money: "numeric(19,4)", time: "timestamptz", end: "" },
};

const plain = (id: number) => [id, `word ${id}`, 385_000 + id, 1_790_000_000_123, 1_790_000_000_456] as const;
const many = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => plain(from + index));

/** What kit/sql/bulk promises, on any engine. */
export function describeBulk(name: string, settingsOf: () => DatabaseSettings): void {
  describe(`bulk loading into ${name}`, () => {
    let database: Database<Schema>;
    let bulk: BulkSession;

    const count = async () => (await database.db.selectFrom("bulk_rows").selectAll().execute()).length;

    beforeEach(async () => {
      database = await openDatabase<Schema>(settingsOf());
      const { text, money, time, end } = types[database.dialect.kind];
      await sql`drop table if exists bulk_rows`.execute(database.db);
      await sql
        .raw(
          `create table bulk_rows (id integer not null primary key, word ${text}, amount ${money}, at ${time}, at_ms ${database.dialect.kind === "sqlite" ? "integer" : "bigint"}) ${end}`,
        )
        .execute(database.db);
      bulk = await openBulk(settingsOf());
    });
    afterEach(async () => {
      await bulk.close();
      await database.close();
    });

    it("keeps every value as the services read it", async () => {
      const word = fc.string({ unit: "grapheme", maxLength: 30 }).filter((text) => !text.includes("\0"));
      const awkward = fc.constantFrom(
        "\\N",
        "a\tb",
        "a\nb\r\n",
        "\\",
        "'quoted' \"twice\"",
        "",
        " ",
        "NULL",
        "É😀",
      );
      const value = fc.record({
        word: fc.option(fc.oneof(word, awkward)),
        amount: fc.option(fc.integer({ min: 0, max: 999_999_999_999_999 })),
        at: fc.option(fc.integer({ min: 0, max: 4_102_444_800_000 })),
        at_ms: fc.option(fc.integer({ min: 0, max: 4_102_444_800_000 })),
      });
      const rows = fc.array(value, { minLength: 1, maxLength: 300 });
      await fc.assert(
        fc.asyncProperty(rows, async (values) => {
          await bulk.execute("delete from bulk_rows");
          await bulk.load(
            table,
            values.map((row, id) => [id, row.word, row.amount, row.at, row.at_ms]),
          );
          await bulk.commit();
          const found = await database.db.selectFrom("bulk_rows").selectAll().orderBy("id").execute();
          const read = found.map((row) => ({
            word: row.word,
            amount: row.amount === null ? null : readMoney(row.amount),
            at: row.at === null ? null : readTimestamp(row.at) / 1_000,
            at_ms: row.at_ms,
          }));
          expect(read).toEqual(values);
        }),
        { numRuns: 20 },
      );
    });

    it("shows nothing to others before the commit, and nothing at all after a rollback", async () => {
      await bulk.load(table, many(0, 5_000));
      await bulk.flush();
      expect(await bulk.query("select count(*) as total from bulk_rows")).toEqual([{ total: 5_000 }]);
      expect(await count()).toBe(0);
      await bulk.rollback();
      expect(await count()).toBe(0);
      await bulk.load(table, many(0, 3));
      await bulk.commit();
      expect(await count()).toBe(3);
    });

    it("undoes what was not committed when its connection ends", async () => {
      await bulk.load(table, many(0, 2_000));
      await bulk.flush();
      await bulk.close();
      await expect.poll(count).toBe(0);
      bulk = await openBulk(settingsOf());
      // The rows of the first are no longer in the way.
      await bulk.load(table, many(0, 10));
      await bulk.commit();
      expect(await count()).toBe(10);
    });

    it("takes more rows than it gathers, of two tables in turn", async () => {
      const twin = { ...table, name: "bulk_twins" };
      await sql`drop table if exists bulk_twins`.execute(database.db);
      await bulk.execute("create table bulk_twins as select * from bulk_rows where id < 0");
      for (let from = 0; from < 40_000; from += 1_000) {
        await bulk.load(table, many(from, 1_000));
        await bulk.load(twin, many(from, 1_000));
      }
      const counts =
        "select (select count(*) from bulk_rows) as ours, (select count(*) from bulk_twins) as twins";
      expect(await bulk.query(counts)).toEqual([{ ours: 40_000, twins: 40_000 }]);
      await bulk.commit();
      await sql`drop table bulk_twins`.execute(database.db);
      expect(await count()).toBe(40_000);
    }, 60_000);

    it.each([
      ["a key that is there", [...many(0, 10), plain(3)]],
      ["a text that is too long or no number at all", [[1, "word", "seven", null, null]]],
    ] as const)("refuses %s, and keeps none of the rows", async (_, rows) => {
      await expect(bulk.load(table, rows).then(() => bulk.commit())).rejects.toThrow();
      await bulk.rollback();
      expect(await count()).toBe(0);
    });

    it("fills the marks of a statement in their order", async () => {
      await bulk.load(table, many(0, 10));
      const changed = await bulk.execute("update bulk_rows set word = ? where id >= ? and id < ?", [
        "x",
        2,
        5,
      ]);
      expect(changed).toBe(3);
      const rows = await bulk.query<{ id: number; amount: unknown }>(
        "select id, amount from bulk_rows where word = ? order by id",
        ["x"],
      );
      const amount = bulk.kind === "sqlite" ? 385_002 : formatDecimal(385_002 as Money);
      expect(rows[0]).toEqual({ id: 2, amount });
      expect(rows.map(({ id }) => id)).toEqual([2, 3, 4]);
    });
  });
}
