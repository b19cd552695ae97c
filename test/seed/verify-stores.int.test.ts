import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, asyncProperty, constantFrom, nat } from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyStores } from "../../cli/seed/verify/verify-stores.js";
import { openCache } from "../../kit/cache/cache.js";
import { openSqliteFile, type SqliteFile, switchSqliteFile } from "../../kit/sql/sqlite-file.js";
import { type FaultyTable, faultyCollections, faultyTables } from "./verify-faults.js";
import { makeStores, pathIn, smallWorld } from "./verify-lab.js";

let folder: string;
let stores: Awaited<ReturnType<typeof makeStores>>;
const files = new Map<string, SqliteFile>();
const fileOf = (store: string) => files.get(store) as SqliteFile;
const verify = () => verifyStores(stores, { settleMs: 10 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "verify-"));
  stores = await makeStores(folder, smallWorld());
  for (const store of new Set([...faultyTables.map((one) => one.store), "broker-mongodb"]))
    files.set(store, await openSqliteFile(pathIn(folder)(store)));
}, 60_000);
afterAll(async () => {
  for (const file of files.values()) file.close();
  await rm(folder, { recursive: true, force: true });
});

type Row = Record<string, string | number | null>;

/** Does something to a store, verifies, and undoes it. */
async function during(store: string, statement: string, values: readonly unknown[]) {
  const file = fileOf(store);
  const tables = [...statement.matchAll(/(?:update|from|into) (\w+)/g)].map(([, name]) => name);
  const [table] = tables;
  file.exec(`create temporary table kept as select * from ${table}`);
  try {
    file.run(statement, values);
    return await verify();
  } finally {
    file.transaction(() => {
      file.run(`delete from ${table}`);
      file.run(`insert into ${table} select * from kept`);
    });
    file.exec("drop table kept");
  }
}

/** Another value of the same kind. */
function bend(value: string | number | null | undefined, by = 1): string | number {
  return typeof value === "number" ? value + by : `${value ?? ""}X`;
}

/** What a table allows: less where more would be beyond what was ordered, and no number that is another row's. */
const steps: Readonly<Record<string, number>> = {
  ...{ released: -1, settled: -1, sequence: 1_000_000, order_seq: 1_000_000, created_at: 1_000 },
};

/** Of two copies nobody can say which is wrong: the reports follow the services. */
const namedInReports: Readonly<Record<string, string>> = {
  "transactions transaction_id": "statement_lines",
  "transactions created_at": "statement_lines",
  "orders version": "order_reports",
};

function choose({ store, table, where }: FaultyTable, place: number): Row {
  const rows = fileOf(store).all(`select * from ${table} where ${where ?? "1 = 1"}`);
  return rows[place % rows.length] as Row;
}

const conditionOf = ({ key }: FaultyTable) => key.map((column) => `${column} = ?`).join(" and ");
const keyOf = ({ key }: FaultyTable, row: Row) => key.map((column) => row[column]);

/** The row is named, as itself or as the one that is missing in its place. */
function expectNamed(
  { differences, total }: Awaited<ReturnType<typeof verify>>,
  { store, table, key }: { readonly store: string; readonly table: string; readonly key: readonly unknown[] },
) {
  const named = differences.filter((one) => one.store === store && one.table === table);
  const texts = named.map((one) => `${one.key} ${one.what}`);
  expect(total).toBeGreaterThan(0);
  expect(
    texts.some((text) => text.includes(String(key[0]))),
    `${store} ${table} ${key.join(" ")}: ${JSON.stringify(differences.slice(0, 8), null, 1)}`,
  ).toBe(true);
}

const columns = faultyTables.flatMap((one) =>
  one.columns.map((column) => [one.store, one.table, column, one] as const),
);
const places = nat({ max: 10_000 });

describe("a world that nobody touched", () => {
  it("has no differences, in any order of its stores", async () => {
    const { total, differences, counts, stores: count } = await verify();
    expect(differences).toEqual([]);
    expect([total, count]).toEqual([0, 9]);
    expect(counts).toMatchObject({ users: 10, orders: 200, ticks: 1_000 });
    expect((await verifyStores(stores, { brief: true })).total).toBe(0);
  });
});

describe("one value that is changed in one row", () => {
  it.each(columns)("%s %s %s is found, and its row named", async (store, table, column, faulty) => {
    await assert(
      asyncProperty(places, async (place) => {
        const row = choose(faulty, place);
        const key = keyOf(faulty, row);
        const statement = `update ${table} set ${column} = ? where ${conditionOf(faulty)}`;
        const found = await during(store, statement, [bend(row[column], steps[column]), ...key]);
        const collection = store === "b3-core-db" ? undefined : namedInReports[`${table} ${column}`];
        if (collection === undefined) expectNamed(found, { store, table, key });
        else
          expectNamed(found, {
            store: "broker-mongodb",
            table: collection,
            key: [row.transaction_id ?? row.order_id],
          });
      }),
      { numRuns: 1 },
    );
  });

  it.each(faultyCollections.flatMap(({ collection, fields }) => fields.map((field) => [collection, field])))(
    "%s %s is found, and its document named",
    async (collection, field) => {
      await assert(
        asyncProperty(places, async (place) => {
          const rows = fileOf("broker-mongodb").all(`select id, document from c_${collection} order by id`);
          const { id, document } = rows[place % rows.length] as Row;
          const fields = JSON.parse(String(document)) as Row;
          const changed = JSON.stringify({ ...fields, [String(field)]: bend(fields[String(field)]) });
          const statement = `update c_${collection} set document = ? where id = ?`;
          const found = await during("broker-mongodb", statement, [changed, id]);
          expectNamed(found, { store: "broker-mongodb", table: String(collection), key: [id] });
        }),
        { numRuns: 1 },
      );
    },
  );
});

describe("a row", () => {
  it("that is missing is named", async () => {
    await assert(
      asyncProperty(constantFrom(...faultyTables), places, async (faulty, place) => {
        const key = keyOf(faulty, choose(faulty, place));
        const statement = `delete from ${faulty.table} where ${conditionOf(faulty)}`;
        expectNamed(await during(faulty.store, statement, key), { ...faulty, key });
      }),
      { numRuns: 15 },
    );
  });

  it("that is there again under another key is named", async () => {
    const copied = faultyTables.filter((one) => one.copyWith !== undefined);
    await assert(
      asyncProperty(constantFrom(...copied), places, async (faulty, place) => {
        const { store, table, copyWith = {} } = faulty;
        const row = choose(faulty, place);
        const names = Object.keys(row);
        const select = names.map((name) => copyWith[name] ?? name).join(", ");
        const statement = `insert into ${table} (${names.join(", ")}) select ${select} from ${table} where ${conditionOf(faulty)}`;
        const found = await during(store, statement, keyOf(faulty, row));
        const key = faulty.key.map((name) => copyWith[name]?.replaceAll("'", "") ?? row[name]);
        expectNamed(found, { store, table, key });
      }),
      { numRuns: 15 },
    );
  });

  it.each(["order_reports", "account_reports", "statement_lines"])(
    "of %s that is missing is named",
    async (name) => {
      const [row] = fileOf("broker-mongodb").all(`select id from c_${name} limit 1`);
      const found = await during("broker-mongodb", `delete from c_${name} where id = ?`, [row?.id]);
      expectNamed(found, { store: "broker-mongodb", table: name, key: [row?.id] });
    },
  );
});

describe("a cache", () => {
  it.each(["broker-asset-cache", "broker-wallet-cache", "b3-market-cache"])(
    "%s that cannot be read is named with its key",
    async (store) => {
      const cache = await openCache({ kind: "sqlite", path: pathIn(folder)(store) });
      const before = (await cache.get("market:price:PETR4")) ?? "";
      await cache.set("market:price:PETR4", "no price");
      const { differences, total } = await verify();
      await cache.set("market:price:PETR4", before);
      await cache.close();
      expect(total).toBe(1);
      expect(differences[0]).toMatchObject({ store, table: "market:price", key: "market:price:PETR4" });
    },
  );
});

describe("a store that is down", () => {
  it("is named as that, and nothing else is", async () => {
    const path = pathIn(folder)("broker-wallet-db");
    switchSqliteFile(path, false);
    try {
      await expect(verify()).rejects.toMatchObject({
        code: "seed.store-down",
        message: "broker-wallet-db does not answer",
      });
    } finally {
      switchSqliteFile(path, true);
    }
  });
});

describe("the brief look", () => {
  it("finds sums that do not fit, of rows in any table that has some", async () => {
    const file = fileOf("broker-wallet-db");
    file.run("update accounts set available = available + 1");
    const { differences } = await verifyStores(stores, { brief: true });
    file.run("update accounts set available = available - 1");
    expect(differences).toMatchObject([{ store: "broker-wallet-db", table: "accounts" }]);
  });
});
