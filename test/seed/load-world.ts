import { sql } from "kysely";
import { type SqlPart, sqlParts, type TableShape } from "../../cli/seed/world/parts.js";
import { passwordHashPlaceholder, type World } from "../../cli/seed/world/world.js";
import { openCache } from "../../kit/cache/cache.js";
import { openDocuments } from "../../kit/documents/documents.js";
import { type Database, openDatabase } from "../../kit/sql/database.js";
import type { System } from "../brokerage/start-system.js";

const databases: Readonly<Record<SqlPart, string>> = {
  identity: "broker-identity-db",
  wallet: "broker-wallet-db",
  order: "broker-order-db",
  asset: "broker-asset-db",
  exchange: "b3-core-db",
};

/** Puts a world into the SQLite files of a system with plain inserts; the engine is to be stopped meanwhile. */
export async function loadWorld(world: World, { storePath }: Pick<System, "storePath">): Promise<void> {
  for (const part of sqlParts) await loadPart(world, part, storePath(databases[part]));
  const documents = await openDocuments({ kind: "sqlite", path: storePath("broker-mongodb") });
  for (const part of ["market-data", "report"] as const) {
    for (const { collection, documents: batch } of world.documentsOf(part)) {
      const into = await documents.collection<object>(collection.name, collection.indexes);
      const versioned = batch.flatMap(({ id, version, document }) =>
        version === undefined ? [] : [{ id, version, document }],
      );
      if (versioned.length > 0) await into.putIfNewer(versioned);
      else await into.insertMany(new Map(batch.map(({ id, document }) => [id, document])));
    }
  }
  await documents.close();
  const caches = {
    "asset-cache": "broker-asset-cache",
    "wallet-cache": "broker-wallet-cache",
    "market-cache": "b3-market-cache",
  } as const;
  for (const [part, store] of Object.entries(caches)) {
    const cache = await openCache({ kind: "sqlite", path: storePath(store) });
    const entries = world.entriesOf(part as keyof typeof caches);
    const there = await cache.getMany(entries.map(([key]) => key));
    const missing = entries.filter(([key]) => !there.has(key));
    if (missing.length > 0) await cache.setMany(new Map(missing));
    await cache.close();
  }
}

async function loadPart(world: World, part: SqlPart, path: string): Promise<void> {
  const database = await openDatabase<Record<string, never>>({ kind: "sqlite", path });
  const passwordHash = part === "identity" ? await readSeedPasswordHash(database) : "";
  await database.transact(async (transaction) => {
    for (const { table, rows } of world.rowsOf(part)) {
      for (const row of rows) {
        const values = row.map((value, index) =>
          value === passwordHashPlaceholder ? passwordHash : toSqlite(table, index, value),
        );
        const verb = table.shared === true ? sql`insert or ignore` : sql`insert`;
        const columns = sql.join(table.columns.map(({ name }) => sql.ref(name)));
        await sql`${verb} into ${sql.table(table.name)} (${columns}) values (${sql.join(values)})`.execute(
          transaction,
        );
      }
    }
  });
  await database.close();
}

/** SQLite keeps money as it comes and a timestamp in microseconds. */
function toSqlite(table: TableShape, index: number, value: string | number | null) {
  const isTimestamp = table.columns[index]?.kind === "timestamp";
  return isTimestamp && typeof value === "number" ? value * 1_000 : value;
}

/** The administrator's: it has the seed password too. */
async function readSeedPasswordHash({ db }: Database<Record<string, never>>): Promise<string> {
  const query = sql<{
    password_hash: string;
  }>`select password_hash from users where seed_password = 1 limit 1`;
  return (await query.execute(db)).rows[0]?.password_hash ?? "";
}
