import { assert, asyncProperty, integer } from "fast-check";
import { type Generated, sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addMoney, amountLimit, noMoney, toMoney } from "../../../kit/money.js";
import {
  parseTimestamp,
  readMoney,
  readTimestamp,
  type SqlMoney,
  type SqlTimestamp,
  type Timestamp,
} from "../../../kit/sql/columns.js";
import { type Database, type DatabaseSettings, openDatabase } from "../../../kit/sql/database.js";
import type { SqlKind } from "../../../kit/sql/dialect.js";

interface Schema {
  accounts: {
    id: string;
    available: SqlMoney;
    blocked: SqlMoney;
    sequence: number;
    changed_at: SqlTimestamp;
  };
  outbox: { id: Generated<number>; record_key: string; payload: string };
}

const columns: Record<
  SqlKind,
  { readonly key: string; readonly money: string; time: string; id: string; end: string }
> = {
  sqlite: {
    key: "text",
    money: "integer",
    time: "integer",
    id: "integer primary key autoincrement",
    end: "strict",
  },
  mysql: {
    key: "varchar(64)",
    money: "decimal(19,4)",
    time: "datetime(6)",
    id: "bigint primary key auto_increment",
    end: "",
  },
  postgres: {
    key: "varchar(64)",
    money: "numeric(19,4)",
    time: "timestamptz",
    id: "bigint generated always as identity primary key",
    end: "",
  },
};

const noon = parseTimestamp("2026-11-22T12:00:00.000000Z");

/** What every engine must do alike; `settings` is read once the server runs. */
export function describeSql(kind: SqlKind, settings: () => DatabaseSettings): void {
  let database: Database<Schema>;
  let other: Database<Schema>;

  beforeAll(async () => {
    database = await openDatabase<Schema>(settings());
    other = await openDatabase<Schema>(settings());
    const { key, money, time, id, end } = columns[kind];
    await sql`create table accounts (id ${sql.raw(key)} primary key not null, available ${sql.raw(money)} not null,
      blocked ${sql.raw(money)} not null, sequence ${sql.raw(kind === "sqlite" ? "integer" : "bigint")} not null,
      changed_at ${sql.raw(time)} not null) ${sql.raw(end)}`.execute(database.db);
    await sql`create table outbox (id ${sql.raw(id)}, record_key ${sql.raw(key)} not null, payload text not null)
      ${sql.raw(end)}`.execute(database.db);
  });
  afterAll(async () => {
    await sql`drop table accounts`.execute(database.db);
    await sql`drop table outbox`.execute(database.db);
    await database.close();
    await other.close();
  });
  beforeEach(async () => {
    await database.db.deleteFrom("accounts").execute();
    await database.db.deleteFrom("outbox").execute();
  });

  function account(id: string, available = noMoney, at: Timestamp = noon) {
    const { dialect } = database;
    return {
      id,
      available: dialect.money(available),
      blocked: dialect.money(noMoney),
      sequence: 0,
      changed_at: dialect.timestamp(at),
    };
  }
  const insert = (from: Database<Schema>, ...args: Parameters<typeof account>) =>
    from.db.insertInto("accounts").values(account(...args));
  const readAvailable = async (id: string) => {
    const query = database.db.selectFrom("accounts").select("available").where("id", "=", id);
    return readMoney((await query.executeTakeFirstOrThrow()).available);
  };

  describe(`${kind}: money`, () => {
    it("comes back as it was given, at both ends of its range and anywhere between", async () => {
      await insert(database, "a").execute();
      const write = async (count: number) => {
        const set = { available: database.dialect.money(toMoney(count)) };
        await database.db.updateTable("accounts").set(set).where("id", "=", "a").execute();
        expect(await readAvailable("a")).toBe(count);
      };
      for (const count of [0, 1, -1, amountLimit, -amountLimit, 999_999_999_999_990]) await write(count);
      await assert(asyncProperty(integer({ min: -amountLimit, max: amountLimit }), write), { numRuns: 50 });
    });

    it("is added, taken and compared in the database without losing a digit", async () => {
      const { dialect, db } = database;
      const [large, small] = [toMoney(amountLimit - 2), toMoney(1)];
      await insert(database, "a", large).execute();
      const column = sql.ref<SqlMoney>("available");
      const add = sql<SqlMoney>`${column} + ${dialect.money(small)}`;
      await db.updateTable("accounts").set({ available: add }).execute();
      const take = sql<SqlMoney>`${column} - ${dialect.money(amountLimit)}`;
      const taken = await db
        .updateTable("accounts")
        .set({ available: take })
        .where("available", ">=", dialect.money(amountLimit))
        .executeTakeFirst();
      expect(taken.numUpdatedRows).toBe(0n);
      expect(await readAvailable("a")).toBe(addMoney(large, small));
      await db.updateTable("accounts").set({ available: add }).execute();
      await db
        .updateTable("accounts")
        .set({ available: take })
        .where("available", ">=", dialect.money(amountLimit))
        .execute();
      expect(await readAvailable("a")).toBe(0);
    });

    it("is summed exactly", async () => {
      const amounts = [amountLimit, toMoney(1), toMoney(-amountLimit), toMoney(33_333)];
      for (const [index, amount] of amounts.entries()) await insert(database, `a${index}`, amount).execute();
      const total = database.db.selectFrom("accounts").select(sql<SqlMoney>`sum(available)`.as("total"));
      expect(readMoney((await total.executeTakeFirstOrThrow()).total)).toBe(33_334);
    });
  });

  describe(`${kind}: keys and times`, () => {
    it("tells keys apart by their bytes, and sorts by them", async () => {
      const keys = ["B", "a", "A", "á", "a\u0301", "ß", "ss", "b", "\u{1F600}", "\uFFFD"];
      for (const key of keys) await insert(database, key).execute();
      for (const key of keys) {
        const found = await database.db.selectFrom("accounts").select("id").where("id", "=", key).execute();
        expect(found).toEqual([{ id: key }]);
      }
      const sorted = await database.db.selectFrom("accounts").select("id").orderBy("id").execute();
      expect(sorted.map(({ id }) => id)).toEqual(
        [...keys].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right))),
      );
    });

    // utf8mb4_bin pads: the one difference, so no key of ours may end with a space.
    it(`takes a space at the end ${kind === "mysql" ? "as nothing" : "as a byte"}`, async () => {
      await insert(database, "a").execute();
      expect(await database.dialect.insertIgnore(insert(database, "a "))).toBe(kind !== "mysql");
    });

    it("keeps a time to the microsecond, compares and sorts by it", async () => {
      const times = [
        "2026-11-22T23:59:59.999999Z",
        "2026-11-22T23:59:59.999998Z",
        "1970-01-01T00:00:01.000000Z",
        "2026-02-28T12:00:00.100000Z",
        "2254-12-31T23:59:59.123456Z",
      ].map(parseTimestamp);
      for (const [index, at] of times.entries()) await insert(database, `a${index}`, noMoney, at).execute();
      const read = async (query: { execute(): Promise<{ changed_at: SqlTimestamp }[]> }) =>
        (await query.execute()).map(({ changed_at }) => readTimestamp(changed_at));
      const all = database.db.selectFrom("accounts").select("changed_at").orderBy("changed_at");
      expect(await read(all)).toEqual([...times].sort((left, right) => left - right));
      const [latest = noon] = times;
      expect(await read(all.where("changed_at", "=", database.dialect.timestamp(latest)))).toEqual([latest]);
      expect(await read(all.where("changed_at", "<", database.dialect.timestamp(latest)))).toHaveLength(3);
    });

    it("reads whole numbers as numbers up to 2^53 - 1", async () => {
      await insert(database, "a").execute();
      await database.db.updateTable("accounts").set({ sequence: Number.MAX_SAFE_INTEGER }).execute();
      const [row] = await database.db.selectFrom("accounts").select("sequence").execute();
      expect(row?.sequence).toBe(Number.MAX_SAFE_INTEGER);
    });

    it("keeps any text of a payload", async () => {
      const payload = `${"\u{1F680}'\";--\\ \r\n\t%_ R$"}${"x".repeat(60_000)}`;
      await database.db.insertInto("outbox").values({ record_key: "k", payload }).execute();
      expect(await database.db.selectFrom("outbox").select("payload").execute()).toEqual([{ payload }]);
    });
  });

  describe(`${kind}: writing what may be there`, () => {
    it("inserts once, ignores again, and fails for any other violation", async () => {
      const { dialect } = database;
      expect(await dialect.insertIgnore(insert(database, "a", toMoney(1)))).toBe(true);
      expect(await dialect.insertIgnore(insert(database, "a", toMoney(2)))).toBe(false);
      const refused = await insert(database, "a", toMoney(2))
        .execute()
        .catch((error: unknown) => error);
      expect([dialect.isDuplicate(refused), dialect.isDuplicate(new Error("other"))]).toEqual([true, false]);
      expect(await readAvailable("a")).toBe(1);
      const incomplete = { ...account("b"), sequence: null as unknown as number };
      await expect(
        dialect.insertIgnore(database.db.insertInto("accounts").values(incomplete)),
      ).rejects.toThrow(/null/i);
    });

    it("counts the rows that a change met, also where it changed nothing", async () => {
      await insert(database, "a").execute();
      const change = (id: string) =>
        database.db.updateTable("accounts").set({ sequence: 0 }).where("id", "=", id).executeTakeFirst();
      expect((await change("a")).numUpdatedRows).toBe(1n);
      expect((await change("b")).numUpdatedRows).toBe(0n);
    });

    it("goes on with the transaction after an ignored insert", async () => {
      await insert(database, "a").execute();
      await database.transact(async (transaction) => {
        const again = transaction.insertInto("accounts").values(account("a"));
        expect(await database.dialect.insertIgnore(again)).toBe(false);
        await transaction.insertInto("accounts").values(account("b")).execute();
      });
      expect(await database.db.selectFrom("accounts").select("id").orderBy("id").execute()).toHaveLength(2);
    });

    it("lets exactly one of many concurrent inserts win", async () => {
      const attempts = Array.from({ length: 20 }, (_, index) => {
        const from = index % 2 === 0 ? database : other;
        return from.transact((transaction) =>
          from.dialect.insertIgnore(transaction.insertInto("accounts").values(account("a", toMoney(index)))),
        );
      });
      expect((await Promise.all(attempts)).filter((won) => won)).toHaveLength(1);
    });

    it("upserts the columns that are named and no other, concurrently too", async () => {
      const upsert = (from: Database<Schema>, count: number) =>
        from.transact((transaction) =>
          from.dialect
            .upsert(
              transaction.insertInto("accounts").values({ ...account("a", toMoney(count)), sequence: count }),
              ["id"],
              ["available"],
            )
            .execute(),
        );
      await upsert(database, 1);
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => upsert(index % 2 ? database : other, index + 2)),
      );
      const rows = await database.db.selectFrom("accounts").selectAll().execute();
      expect(rows).toHaveLength(1);
      expect(rows[0]?.sequence).toBe(1);
      expect(await readAvailable("a")).toBeGreaterThan(1);
    });
  });

  describe(`${kind}: transactions`, () => {
    it("keep nothing of what failed", async () => {
      const work = database.transact(async (transaction) => {
        await transaction.insertInto("accounts").values(account("a")).execute();
        throw new Error("changed its mind");
      });
      await expect(work).rejects.toThrow("changed its mind");
      expect(await database.db.selectFrom("accounts").select("id").execute()).toEqual([]);
    });

    it("refuse a query past them and a transaction inside, and allow both afterwards", async () => {
      const read = () => database.db.selectFrom("accounts").select("id").execute();
      let later: (() => Promise<unknown>) | undefined;
      await database.transact(async () => {
        await expect(read()).rejects.toThrow("inside a transaction");
        await expect(database.transact(async () => {})).rejects.toThrow("inside a transaction");
        later = read;
      });
      expect(await later?.()).toEqual([]);
    });

    it("count every one of concurrent changes to a row that they hold, and give outbox ids in that order", async () => {
      await insert(database, "a").execute();
      const change = (from: Database<Schema>) =>
        from.transact(async (transaction) => {
          const row = transaction.selectFrom("accounts").select("sequence").where("id", "=", "a");
          const { sequence } = await from.dialect.forUpdate(row).executeTakeFirstOrThrow();
          await transaction
            .updateTable("accounts")
            .set({ sequence: sequence + 1 })
            .execute();
          await transaction
            .insertInto("outbox")
            .values({ record_key: "a", payload: String(sequence + 1) })
            .execute();
        });
      await Promise.all(Array.from({ length: 30 }, (_, index) => change(index % 2 ? database : other)));
      const rows = await database.db.selectFrom("outbox").select("payload").orderBy("id").execute();
      expect(rows.map(({ payload }) => payload)).toEqual(
        Array.from({ length: 30 }, (_, index) => String(index + 1)),
      );
    });

    it("are run again after a deadlock, and both get through", async () => {
      await insert(database, "a").execute();
      await insert(database, "b").execute();
      let runs = 0;
      // The first of each waits until the other holds its row as well, unless an engine lets only one in at a time.
      const meeting = meetOnce(2);
      const crosswise = (from: Database<Schema>, first: string, second: string) =>
        from.transact(async (transaction) => {
          runs += 1;
          const add = (id: string) =>
            transaction
              .updateTable("accounts")
              .set(({ eb }) => ({ sequence: eb("sequence", "+", 1) }))
              .where("id", "=", id)
              .execute();
          await add(first);
          if (kind !== "sqlite") await meeting();
          await add(second);
        });
      await Promise.all([crosswise(database, "a", "b"), crosswise(other, "b", "a")]);
      const rows = await database.db.selectFrom("accounts").select("sequence").execute();
      expect(rows.map(({ sequence }) => sequence)).toEqual([2, 2]);
      expect(runs).toBeGreaterThanOrEqual(kind === "sqlite" ? 2 : 3);
    });
  });

  describe(`${kind}: locks`, () => {
    it("have one holder among all, by name, and are free again once released", async () => {
      const held = await database.tryLock("relay");
      expect(held?.lost.aborted).toBe(false);
      expect(await other.tryLock("relay")).toBeUndefined();
      expect(await database.tryLock("relay")).toBeUndefined();
      const second = await other.tryLock("writer");
      expect(second).toBeDefined();
      await second?.release();
      await held?.release();
      const again = await expectSoon(() => other.tryLock("relay"));
      await again.release();
    });

    it("refuse a name that is none", async () => {
      await expect(database.tryLock("../relay")).rejects.toThrow("no name for a lock");
    });
  });
}

/** The returned function resolves for all at once when `count` callers wait; later callers pass. */
function meetOnce(count: number): () => Promise<void> {
  let waiting = 0;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    waiting += 1;
    if (waiting >= count) open();
    return opened;
  };
}

/** What `ask` gives once it gives something, within 10 s. */
export async function expectSoon<T>(ask: () => Promise<T | undefined>): Promise<T> {
  let found: T | undefined;
  await expect
    .poll(
      async () => {
        found = await ask();
        return found !== undefined;
      },
      { timeout: 10_000 },
    )
    .toBe(true);
  return found as T;
}
