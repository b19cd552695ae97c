import type { Transaction } from "kysely";
import type { Database } from "../../../kit/sql/database.js";
import { addToOutbox } from "../../shared/outbox/outbox.js";
import type { Batch, EngineStore, Snapshot, Told } from "../app/ports.js";
import { toOutboxRow } from "./result-message.js";
import {
  changingBookColumns,
  changingOrderColumns,
  readBookRow,
  readOrderRow,
  readResultRow,
  toBookRow,
  toCommandRow,
  toOrderRow,
  toResultRow,
} from "./rows.js";
import type { EngineSchema } from "./schema.js";

/** So that a statement stays below the parameters that SQLite (32,766) and Postgres (65,535) take. */
const chunkSize = 1_000;

/** The engine's store in b3-core-db. */
export function createEngineStore(database: Database<EngineSchema>): EngineStore {
  return {
    tryLock: () => database.tryLock("engine"),
    load: () => load(database),
    findResults: (orderIds) => findResults(database, orderIds),
    save: (batch) => database.transact((transaction) => save(database, transaction, batch)),
  };
}

async function load({ db }: Database<EngineSchema>): Promise<Snapshot> {
  const last = await db
    .selectFrom("commands")
    .select("sequence")
    .orderBy("sequence", "desc")
    .limit(1)
    .executeTakeFirst();
  const resting = await db
    .selectFrom("orders")
    .selectAll()
    .where("leaves_quantity", ">", 0)
    .orderBy("sequence")
    .execute();
  const books = await db.selectFrom("books").selectAll().execute();
  return {
    sequence: last?.sequence ?? 0,
    resting: resting.map(readOrderRow),
    books: books.map(readBookRow),
  };
}

async function findResults({ db }: Database<EngineSchema>, orderIds: readonly string[]) {
  const found = new Map<string, Told[]>();
  for (const ids of chunk(orderIds)) {
    const query = db.selectFrom("results").selectAll().where("order_id", "in", ids);
    for (const row of await query.orderBy("order_id").orderBy("order_seq").execute()) {
      const results = found.get(row.order_id);
      if (results === undefined) found.set(row.order_id, [readResultRow(row)]);
      else results.push(readResultRow(row));
    }
  }
  return found;
}

async function save(
  { dialect }: Database<EngineSchema>,
  transaction: Transaction<EngineSchema>,
  batch: Batch,
): Promise<void> {
  // First: another engine that is still at work fails here, on the sequence.
  for (const part of chunk(batch.commands)) {
    await transaction.insertInto("commands").values(part.map(toCommandRow)).execute();
  }
  for (const part of chunk(batch.orders)) {
    const rows = part.map((order) => toOrderRow(dialect, order));
    const insert = transaction.insertInto("orders").values(rows);
    await dialect.upsert(insert, ["order_id"], changingOrderColumns).execute();
  }
  for (const part of chunk(batch.results)) {
    const rows = part.map((told) => toResultRow(dialect, told));
    await transaction.insertInto("results").values(rows).execute();
  }
  for (const part of chunk(batch.books)) {
    const rows = part.map((book) => toBookRow(dialect, book));
    const insert = transaction.insertInto("books").values(rows);
    await dialect.upsert(insert, ["ticker"], changingBookColumns).execute();
  }
  for (const part of chunk(batch.answers)) await addToOutbox(transaction, part.map(toOutboxRow));
  await forgetPrices(transaction, batch);
}

/** The last command stays: the sequence goes on from it. */
async function forgetPrices(transaction: Transaction<EngineSchema>, batch: Batch): Promise<void> {
  const last = batch.commands.at(-1);
  if (batch.forgetPricesBefore === undefined || last === undefined) return;
  await transaction
    .deleteFrom("commands")
    .where("kind", "=", "PRICE")
    .where("at_ms", "<", batch.forgetPricesBefore)
    .where("sequence", "<", last.sequence)
    .execute();
}

function* chunk<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += chunkSize) yield items.slice(from, from + chunkSize);
}
