import { text } from "node:stream/consumers";
import { openCache } from "../../../kit/cache/cache.js";
import { openDocuments } from "../../../kit/documents/documents.js";
import { type DatabaseSettings, openDatabase } from "../../../kit/sql/database.js";

/** What run-store-child.ts is told on its standard input. */
export type ChildOrder =
  | { readonly task: "hold-lock"; readonly settings: DatabaseSettings }
  | { readonly task: "write"; readonly folder: string; readonly first: number };

interface Schema {
  kept: { id: number; payload: string };
}

/** Says "held" once it has the lock, and keeps it until it is killed. */
async function holdLock(settings: DatabaseSettings): Promise<void> {
  const database = await openDatabase(settings);
  const lock = await database.tryLock("relay");
  process.stdout.write(lock === undefined ? "refused\n" : "held\n");
  setInterval(() => {}, 1_000);
}

/** Prints each number as soon as it is committed in all three stores, until it is killed. */
async function writeForEver(folder: string, first: number): Promise<void> {
  const database = await openDatabase<Schema>({ kind: "sqlite", path: `${folder}/sql.sqlite` });
  const store = await openDocuments({ kind: "sqlite", path: `${folder}/documents.sqlite` });
  const documents = await store.collection<{ n: number }>("kept", [["n"]]);
  const cache = await openCache({ kind: "sqlite", path: `${folder}/cache.sqlite` });
  for (let n = first; ; n += 1) {
    await database.transact(async (transaction) => {
      for (const row of [
        { id: 2 * n, payload: "x".repeat(n % 5_000) },
        { id: 2 * n + 1, payload: "x" },
      ]) {
        await database.dialect.insertIgnore(transaction.insertInto("kept").values(row));
      }
    });
    await documents.putIfNewer([{ id: "last", version: n, document: { n } }]);
    await documents.insertMany(new Map([[`n${n}`, { n }]]));
    await cache.set("last", String(n));
    process.stdout.write(`${n}\n`);
  }
}

const order = JSON.parse(await text(process.stdin)) as ChildOrder;
await (order.task === "write" ? writeForEver(order.folder, order.first) : holdLock(order.settings));
