import { noMoney } from "../../../kit/money.js";
import { readMoney, readTimestamp } from "../../../kit/sql/columns.js";
import type { Database } from "../../../kit/sql/database.js";
import { retryOn } from "../../../kit/sql/retry.js";
import { addToOutbox } from "../../shared/outbox/outbox.js";
import type { WalletStore } from "../app/store.js";
import { Book } from "../domain/book.js";
import type { Command } from "../domain/commands.js";
import { toOutboxRow } from "./events.js";
import { type Loading, loadBook } from "./load-book.js";
import { createRows } from "./rows.js";
import type { WalletSchema } from "./schema.js";

/** Accounts, positions, reservations and ledger in the wallet's own database. */
export function createSqlStore(database: Database<WalletSchema>): WalletStore {
  const { db, dialect } = database;
  const rows = createRows(dialect);

  return {
    change: (commands, work) =>
      retryOn(
        (error) => error instanceof LostRace,
        () =>
          database.transact((transaction) =>
            change({ transaction, dialect, rows, book: new Book() }, commands, work),
          ),
      ),

    openAccount: async (userId, at) => {
      const read = () =>
        db.selectFrom("accounts").selectAll().where("user_id", "=", userId).executeTakeFirst();
      let row = await read();
      if (row === undefined) {
        const account = { userId, available: noMoney, blocked: noMoney, sequence: 0 };
        await dialect.insertIgnore(db.insertInto("accounts").values(rows.account(account, at)));
        row = await read();
      }
      if (row === undefined) throw new Error(`the account of ${userId} is gone`);
      return {
        userId,
        available: readMoney(row.available),
        blocked: readMoney(row.blocked),
        updatedAt: readTimestamp(row.updated_at),
      };
    },

    readPositions: async (userId) => {
      const query = db.selectFrom("positions").selectAll().where("user_id", "=", userId).orderBy("ticker");
      return (await query.execute()).map(rows.readPosition);
    },

    readEntries: async (userId, { before, limit }) => {
      const found = await db
        .selectFrom("transactions")
        .selectAll()
        .where("user_id", "=", userId)
        .where("sequence", "<", before)
        .orderBy("sequence", "desc")
        .limit(limit)
        .execute();
      return found.map(rows.readEntry);
    },

    findEntry: async (userId, transactionId) => {
      const row = await db
        .selectFrom("transactions")
        .selectAll()
        .where("transaction_id", "=", transactionId)
        .where("user_id", "=", userId)
        .executeTakeFirst();
      return row === undefined ? undefined : rows.readEntry(row);
    },
  };
}

/** Another process has made a reservation for the same order, of which there was nothing to lock yet. */
class LostRace extends Error {}

/** One attempt, in its transaction. @throws LostRace: the next one finds what the other has stored */
async function change(
  loading: Loading,
  commands: readonly Command[],
  work: Parameters<WalletStore["change"]>[1],
): Promise<void> {
  const { transaction, dialect, rows, book } = loading;
  await loadBook(loading, commands);
  const entries = work(book);
  // Accounts that change are there already: loadBook opens them. MySQL updates many rows at once only so.
  const accounts = [...book.accounts.changes().known, ...book.accounts.changes().made];
  const updatedAt = entries[0]?.createdAt;
  if (accounts.length > 0 && updatedAt !== undefined) {
    const query = transaction
      .insertInto("accounts")
      .values(accounts.map((one) => rows.account(one, updatedAt)));
    await dialect.upsert(query, ["user_id"], ["available", "blocked", "sequence", "updated_at"]).execute();
  }
  const positions = [...book.positions.changes().known, ...book.positions.changes().made];
  if (positions.length > 0) {
    const query = transaction.insertInto("positions").values(positions.map(rows.position));
    await dialect.upsert(query, ["user_id", "ticker"], ["available", "blocked", "total_cost"]).execute();
  }
  const { known, made } = book.reservations.changes();
  if (made.length > 0) {
    const query = transaction.insertInto("reservations").values(made.map(rows.reservation));
    await query.execute().catch((error: unknown) => {
      throw dialect.isDuplicate(error) ? new LostRace() : error;
    });
  }
  if (known.length > 0) {
    const query = transaction.insertInto("reservations").values(known.map(rows.reservation));
    await dialect.upsert(query, ["order_id"], ["state", "settled", "released"]).execute();
  }
  if (entries.length > 0) {
    await transaction.insertInto("transactions").values(entries.map(rows.entry)).execute();
    await addToOutbox(transaction, entries.map(toOutboxRow));
  }
}
