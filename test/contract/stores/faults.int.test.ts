import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { integer, sample } from "fast-check";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openStores } from "../../../embedded/stores/open-stores.js";
import { openCache } from "../../../kit/cache/cache.js";
import { openDocuments } from "../../../kit/documents/documents.js";
import { openDatabase } from "../../../kit/sql/database.js";
import { buildStoreProgram, type StoreProgram } from "./store-child.js";

interface Schema {
  kept: { id: number; payload: string };
}

const isRoot = process.getuid?.() === 0;
/** Only root can mount, and not everywhere. */
const canMount = isRoot && (await tryMount());
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "store-faults-"));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

async function tryMount(): Promise<boolean> {
  const probe = mkdtempSync(join(tmpdir(), "mount-probe-"));
  const { failed } = await execa("mount", ["-t", "tmpfs", "tmpfs", probe], { reject: false });
  if (!failed) await execa("umount", [probe]);
  rmSync(probe, { recursive: true });
  return !failed;
}

async function withSmallDisk(size: string, use: (disk: string) => Promise<void>): Promise<void> {
  const disk = join(folder, "disk");
  mkdirSync(disk);
  await execa("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk]);
  try {
    await use(disk);
  } finally {
    await execa("umount", ["-l", disk]);
  }
}

const createKept = sql`create table if not exists kept (id integer primary key, payload text not null) strict`;

async function writeRows(path: string, count: number): Promise<void> {
  const database = await openDatabase<Schema>({ kind: "sqlite", path });
  await createKept.execute(database.db);
  for (let id = 0; id < count; id += 1) {
    await database.db
      .insertInto("kept")
      .values({ id, payload: `${id} `.repeat(500) })
      .execute();
  }
  await database.close();
}

describe("a process that is killed while it writes", () => {
  let program: StoreProgram;
  beforeAll(async () => {
    program = await buildStoreProgram();
  });
  afterAll(() => program.remove());

  it("has lost nothing that it was told is kept, each of 10 times", async () => {
    const database = await openDatabase<Schema>({ kind: "sqlite", path: join(folder, "sql.sqlite") });
    await createKept.execute(database.db);
    await database.close();
    let first = 1;
    for (const lines of sample(integer({ min: 1, max: 120 }), 10)) {
      const child = program.start({ task: "write", folder, first });
      for (let line = 0; line < lines; line += 1) await child.nextLine();
      const last = Number((await child.killHard()).at(-1));
      expect(last).toBeGreaterThanOrEqual(first + lines - 1);
      await expectAllUpTo(last);
      first = last + 1;
    }
  });

  /** Everything up to `last` is there, perhaps the next as well, and nothing is half there. */
  async function expectAllUpTo(last: number): Promise<void> {
    const oneOf = [last, last + 1];
    const database = await openDatabase<Schema>({ kind: "sqlite", path: join(folder, "sql.sqlite") });
    const rows = await database.db.selectFrom("kept").select("id").orderBy("id").execute();
    await database.close();
    expect(rows.length / 2).toBeOneOf(oneOf);
    expect(rows.map(({ id }) => id)).toEqual(rows.map((_, index) => index + 2));
    const store = await openDocuments({ kind: "sqlite", path: join(folder, "documents.sqlite") });
    const documents = await store.collection<{ n: number }>("kept", [["n"]]);
    expect((await documents.get("last"))?.n).toBeOneOf(oneOf);
    expect((await documents.count()) - 1).toBeOneOf(oneOf);
    await store.close();
    const cache = await openCache({ kind: "sqlite", path: join(folder, "cache.sqlite") });
    expect(Number(await cache.get("last"))).toBeOneOf(oneOf);
    await cache.close();
  }
});

describe("a file that cannot be used", () => {
  const path = () => join(folder, "broker-order-db.sqlite");
  const services = [{ name: "broker-order-db", kind: "mysql" }];

  it("is named with DATA_DAMAGED when pages of it were overwritten", async () => {
    await writeRows(path(), 200);
    const bytes = readFileSync(path());
    bytes.fill(0xa5, bytes.length / 2, bytes.length / 2 + 8_192);
    writeFileSync(path(), bytes);
    const expected = { code: "DATA_DAMAGED", message: expect.stringContaining(path()) };
    await expect(openDatabase({ kind: "sqlite", path: path() })).rejects.toMatchObject(expected);
    await expect(openStores({ folder, services })).rejects.toMatchObject(expected);
    expect(readFileSync(path()).equals(bytes)).toBe(true);
  });

  it("is named with DATA_DAMAGED when its end is missing", async () => {
    await writeRows(path(), 200);
    const bytes = readFileSync(path());
    writeFileSync(path(), bytes.subarray(0, bytes.length / 2));
    await expect(openStores({ folder, services })).rejects.toMatchObject({ code: "DATA_DAMAGED" });
  });

  it("loses only what was never finished when the log beside it has a torn end", async () => {
    const database = await openDatabase<Schema>({ kind: "sqlite", path: path() });
    await createKept.execute(database.db);
    for (const id of [1, 2]) await database.db.insertInto("kept").values({ id, payload: "x" }).execute();
    const copy = join(folder, "copy.sqlite");
    copyFileSync(path(), copy);
    const log = readFileSync(`${path()}-wal`);
    await database.close();
    writeFileSync(`${copy}-wal`, log.subarray(0, log.length - 100));
    const torn = await openDatabase<Schema>({ kind: "sqlite", path: copy });
    expect(await torn.db.selectFrom("kept").select("id").execute()).toEqual([{ id: 1 }]);
    await torn.close();
  });

  it("is named with DATA_NEWER when a newer version wrote it, and left as it is", async () => {
    const database = await openDatabase({ kind: "sqlite", path: path() });
    await sql`pragma user_version = 2`.execute(database.db);
    await database.close();
    const before = readFileSync(path());
    await expect(openStores({ folder, services })).rejects.toMatchObject({
      code: "DATA_NEWER",
      message: expect.stringContaining(path()),
    });
    expect(readFileSync(path()).equals(before)).toBe(true);
  });

  it.runIf(!isRoot)("is named with EACCES in a folder that may not be written", async () => {
    chmodSync(folder, 0o500);
    await expect(openStores({ folder, services })).rejects.toMatchObject({
      code: "EACCES",
      message: expect.stringContaining(path()),
    });
  });

  it.runIf(canMount)("is named with EROFS on a disk that is read only, new or not", async () => {
    await withSmallDisk("4m", async (disk) => {
      await writeRows(path(), 1);
      copyFileSync(path(), join(disk, "broker-order-db.sqlite"));
      await execa("mount", ["-o", "remount,ro", disk]);
      for (const name of ["broker-order-db", "broker-asset-db"]) {
        await expect(openStores({ folder: disk, services: [{ name, kind: "mysql" }] })).rejects.toMatchObject(
          {
            code: "EROFS",
            message: expect.stringContaining(join(disk, `${name}.sqlite`)),
          },
        );
      }
    });
  });

  it.runIf(canMount)(
    "is named with ENOSPC when the disk is full, keeps what it has and goes on with space",
    async () => {
      await withSmallDisk("2m", async (disk) => {
        const full = join(disk, "broker-order-db.sqlite");
        const database = await openDatabase<Schema>({ kind: "sqlite", path: full });
        await createKept.execute(database.db);
        const spare = join(disk, "spare");
        writeFileSync(spare, Buffer.alloc(1_200_000));
        const expected = { code: "ENOSPC", message: expect.stringContaining(full) };
        const insert = (id: number) =>
          database.transact((transaction) =>
            transaction
              .insertInto("kept")
              .values({ id, payload: "x".repeat(5_000) })
              .execute(),
          );
        const [store] = await openStores({ folder: disk, services });
        const checkForEver = async () => {
          for (;;) await store?.check();
        };
        let kept = 0;
        const fill = async () => {
          for (;;) {
            await insert(kept);
            kept += 1;
          }
        };
        await expect(fill()).rejects.toMatchObject(expected);
        await expect(insert(kept)).rejects.toMatchObject(expected);
        await expect(checkForEver()).rejects.toMatchObject(expected);
        const count = async () => (await database.db.selectFrom("kept").select("id").execute()).length;
        expect(await count()).toBe(kept);
        await expect(
          openStores({ folder: disk, services: [{ name: "new", kind: "redis" }] }),
        ).rejects.toMatchObject({
          code: "ENOSPC",
        });
        rmSync(spare);
        await store?.check();
        store?.close();
        await insert(kept);
        expect(await count()).toBe(kept + 1);
        await database.close();
      });
    },
  );
});

describe("a file that another process holds", () => {
  it("is waited for by all who write, for seconds and in their order, and by nobody who reads", async () => {
    const path = join(folder, "sql.sqlite");
    await writeRows(path, 0);
    const { openSqliteFile } = await import("../../../kit/sql/sqlite-file.js");
    const stranger = await openSqliteFile(path);
    stranger.exec("BEGIN IMMEDIATE");
    const database = await openDatabase<Schema>({ kind: "sqlite", path });
    const readIds = async () =>
      (await database.db.selectFrom("kept").select("id").execute()).map(({ id }) => id);
    const done: number[] = [];
    let runs = 0;
    const writers = [1, 2, 3, 4].map(async (id) => {
      const row = { id, payload: "x" };
      if (id % 2 === 0) await database.db.insertInto("kept").values(row).execute();
      else
        await database.transact(async (transaction) => {
          runs += 1;
          await transaction.insertInto("kept").values(row).execute();
        });
      done.push(id);
    });
    const heldUntilMs = Date.now() + 500;
    while (Date.now() < heldUntilMs) expect(await readIds()).toEqual([]);
    stranger.exec("COMMIT");
    await Promise.all(writers);
    expect([done, runs, await readIds()]).toEqual([[1, 2, 3, 4], 2, [1, 2, 3, 4]]);
    stranger.exec("BEGIN IMMEDIATE");
    await expect(database.transact(async () => {})).rejects.toMatchObject({ code: "SQLITE_BUSY" });
    stranger.close();
    await database.close();
  });
});
