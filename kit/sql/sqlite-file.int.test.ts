import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, bigInt, double, integer, oneof, property, string } from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteFile, openSqliteLock, type SqliteFile, switchSqliteFile } from "./sqlite-file.js";
import { whileBusy } from "./while-busy.js";

let folder: string;
let file: SqliteFile;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sqlite-"));
  file = await openSqliteFile(join(folder, "a.sqlite"));
});
afterEach(() => {
  file.close();
  rmSync(folder, { recursive: true });
});

const roundTrip = (value: unknown) => file.all("SELECT ? AS value, typeof(?) AS type", [value, value])[0];

describe("a value in SQLite", () => {
  it("comes back as it was given", () => {
    const values = oneof(
      integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
      double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
      string({ unit: "binary" }).filter((text) => !text.includes("\0")),
    );
    assert(
      property(values, (value) => {
        expect(roundTrip(value)?.value).toEqual(value);
      }),
    );
    expect(roundTrip(null)?.value).toBeNull();
    expect(roundTrip(Buffer.from("bytes"))?.value).toEqual(Buffer.from("bytes"));
  });

  it("is an integer where it is whole, also true and false", () => {
    for (const value of [0, -0, 1e15, 5n, true, false]) expect(roundTrip(value)?.type).toBe("integer");
    expect(roundTrip(true)?.value).toBe(1);
  });

  it.each([
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    "cut\0here",
    {},
    [1],
    new Date(0),
    Symbol("s"),
  ])("is refused where SQLite or libsql would change it: %s", (value) => {
    expect(() => roundTrip(value)).toThrow(TypeError);
  });

  it("beyond 2^53 is refused when it is read, never rounded", () => {
    const large = bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n });
    assert(
      property(large, (value) => {
        expect(() => roundTrip(value)).toThrow(/safe integer/);
      }),
    );
  });
});

describe("a SQLite file", () => {
  it("keeps all of a transaction or nothing", () => {
    file.exec("CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT");
    const fail = () =>
      file.transaction(() => {
        file.run("INSERT INTO t VALUES (1)");
        file.run("INSERT INTO t VALUES (1)");
      });
    expect(fail).toThrow(/UNIQUE/);
    expect(file.all("SELECT * FROM t")).toEqual([]);
  });

  it("is not hurt by a statement that found it busy", async () => {
    const other = await openSqliteFile(file.path);
    file.exec("CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT");
    other.exec("BEGIN IMMEDIATE");
    expect(() => file.run("INSERT INTO t VALUES (1)")).toThrow(/locked/);
    other.exec("COMMIT");
    other.close();
    file.transaction(() => file.run("INSERT INTO t VALUES (2)"));
    expect(file.all("SELECT * FROM t")).toEqual([{ id: 2 }]);
  });

  it("is waited for as long as another connection has it, and no longer than for the time that is given", async () => {
    const other = await openSqliteFile(file.path);
    file.exec("CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT");
    const insert = () => file.run("INSERT INTO t VALUES (1)");
    other.exec("BEGIN IMMEDIATE");
    await expect(whileBusy(insert, 50)).rejects.toThrow(/locked/);
    const inserted = whileBusy(insert);
    other.exec("COMMIT");
    other.close();
    await inserted;
    expect(file.all("SELECT * FROM t")).toEqual([{ id: 1 }]);
    let attempts = 0;
    const fail = () => {
      attempts += 1;
      insert();
    };
    await expect(whileBusy(fail)).rejects.toThrow(/UNIQUE/);
    expect(attempts).toBe(1);
  });

  it("can be closed twice, and needs nothing else than itself afterwards", async () => {
    file.exec("CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES (1)");
    file.close();
    file.close();
    rmSync(`${file.path}-wal`, { force: true });
    file = await openSqliteFile(file.path);
    expect(file.all("SELECT * FROM t")).toEqual([{ id: 1 }]);
  });

  it("serves as a lock for one at a time", async () => {
    const path = join(folder, "lock");
    const held = await openSqliteLock(path);
    expect(await openSqliteLock(path)).toBeUndefined();
    held?.release();
    const again = await openSqliteLock(path);
    expect(again).toBeDefined();
    again?.release();
  });
});

describe("a file that is switched off", () => {
  afterEach(() => switchSqliteFile(file.path, true));
  const stopped = expect.objectContaining({ code: "STORE_STOPPED", message: "a is stopped" });

  it("fails every statement, also a commit, and keeps nothing of what was begun", async () => {
    file.exec("CREATE TABLE t (n INTEGER)");
    const insert = file.prepare("INSERT INTO t VALUES (?)");
    expect(() =>
      file.transaction(() => {
        insert.run([1]);
        switchSqliteFile(file.path, false);
      }),
    ).toThrow(stopped);
    expect(file.inTransaction).toBe(false);
    expect(() => insert.run([2])).toThrow(stopped);
    expect(() => file.all("SELECT * FROM t")).toThrow(stopped);
    expect(() => file.check()).toThrow(stopped);
    switchSqliteFile(file.path, true);
    insert.run([3]);
    expect(file.all("SELECT n FROM t")).toEqual([{ n: 3 }]);
  });

  it("can be opened, and other files go on", async () => {
    switchSqliteFile(file.path, false);
    const again = await openSqliteFile(file.path);
    const other = await openSqliteFile(join(folder, "b.sqlite"));
    expect(() => again.check()).toThrow(stopped);
    other.check();
    again.close();
    other.close();
  });
});
