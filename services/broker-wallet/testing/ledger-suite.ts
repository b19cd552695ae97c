import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WalletEvent } from "../../../contracts/messages.js";
import { toMoney } from "../../../kit/money.js";
import type { Timestamp } from "../../../kit/sql/columns.js";
import { type DatabaseSettings, openDatabase } from "../../../kit/sql/database.js";
import { createRows } from "../adapters/rows.js";
import type { WalletSchema } from "../adapters/schema.js";
import { createSqlStore } from "../adapters/sql-store.js";
import { openLedger } from "../app/ledger.js";
import { Book } from "../domain/book.js";
import { type Command, execute, type Reserve } from "../domain/commands.js";
import { Refusal } from "../domain/refusal.js";
import { cashMove, custodyMove, funding, orders, shuffleWithRepeats } from "../domain/testing/random-life.js";
import { type OpenWallet, openWallet } from "./open-wallet.js";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const noon = 1_795_348_800_000_000 as Timestamp;
const plain = (command: Command) => ({ command, traceparent });

async function readAll({ database, store }: OpenWallet) {
  const rows = createRows(database.dialect);
  const accounts = await database.db.selectFrom("accounts").selectAll().execute();
  const reservations = await database.db.selectFrom("reservations").selectAll().execute();
  const positions = await Promise.all(accounts.map(({ user_id }) => store.readPositions(user_id)));
  return sortState({
    accounts: accounts.map(rows.readAccount),
    positions: positions.flat(),
    reservations: reservations.map(rows.readReservation),
  });
}

function sortState(state: Record<string, readonly object[]>) {
  const sorted = (values: readonly object[]) => values.map((value) => JSON.stringify(value)).sort();
  return Object.fromEntries(Object.entries(state).map(([name, values]) => [name, sorted(values)]));
}

function buy(orderId: string, userId: string, quantity: number): Reserve {
  const terms = { userId, ticker: "PETR4", side: "BUY", quantity, unitPrice: toMoney(100_000) } as const;
  return { kind: "RESERVE", orderId, terms };
}

/**
 * What the ledger must do on each engine; `settings` is read once the server runs, and undefined for a new SQLite file.
 */
export function describeLedger(kind: string, settings: () => DatabaseSettings | undefined): void {
  let wallet: OpenWallet;
  beforeEach(async () => {
    wallet = await openWallet(settings());
  });
  afterEach(() => wallet.close());

  describe(`${kind}: the ledger`, () => {
    it("does what the rules say, however commands share transactions", async () => {
      const streams = orders.chain((made) =>
        fc.tuple(
          fc
            .array(fc.oneof(cashMove, custodyMove), { maxLength: 5 })
            .chain((moves) =>
              shuffleWithRepeats<Command>([
                ...moves,
                ...made.flatMap(({ reserve, news }) => [reserve, ...news]),
                ...made
                  .slice(0, 1)
                  .map(({ reserve }) => ({ kind: "RELEASE", orderId: reserve.orderId }) as const),
              ]),
            ),
          fc.integer({ min: 1, max: 12 }),
        ),
      );
      await fc.assert(
        fc.asyncProperty(streams, async ([commands, batchSize]) => {
          const own = await openWallet(settings());
          try {
            const book = new Book();
            const all = [...funding, ...commands];
            for (let from = 0; from < all.length; from += batchSize) {
              const batch = all.slice(from, from + batchSize);
              const outcomes = await own.ledger.runAll(batch.map(plain));
              const expected = batch.map((command) => execute(book, command));
              const codes = (some: readonly object[]) =>
                some.map((one) => (one instanceof Refusal ? one.code : "done"));
              expect(codes(outcomes)).toEqual(codes(expected));
            }
            expect(await readAll(own)).toEqual(
              sortState({
                accounts: book.accounts.values(),
                positions: book.positions.values(),
                reservations: book.reservations.values(),
              }),
            );
          } finally {
            await own.close();
          }
        }),
        { numRuns: kind === "sqlite" ? 40 : 10 },
      );
    });

    it("holds exactly 50 of 200 orders that come at once on cash for 50, and gives all of it back", async () => {
      await wallet.ledger.run(plain({ kind: "DEPOSIT", userId: "ana", amount: toMoney(50 * 10 * 100_000) }));
      const ids = Array.from({ length: 200 }, (_, index) => `order-${index}`);
      const results = await Promise.allSettled(ids.map((id) => wallet.ledger.run(plain(buy(id, "ana", 10)))));
      const refused = results.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
      expect(refused).toEqual(Array.from({ length: 150 }, () => "NO_FUNDS"));
      const held = await wallet.database.db.selectFrom("reservations").select("order_id").execute();
      expect(held).toHaveLength(50);
      const { blocked, available } = await wallet.store.openAccount("ana", noon);
      expect({ blocked, available }).toEqual({ blocked: 50_000_000, available: 0 });
      await Promise.all(ids.map((orderId) => wallet.ledger.run(plain({ kind: "RELEASE", orderId }))));
      expect(await wallet.store.openAccount("ana", noon)).toMatchObject({
        blocked: 0,
        available: 50_000_000,
      });
    });

    it("holds no more than there is when two processes serve the same account", async () => {
      const second = await openDatabase<WalletSchema>(wallet.settings);
      const other = openLedger({ store: createSqlStore(second), now: () => noon, onCommit: () => {} });
      try {
        await wallet.ledger.run(
          plain({ kind: "DEPOSIT", userId: "ana", amount: toMoney(50 * 10 * 100_000) }),
        );
        const ids = Array.from({ length: 100 }, (_, index) => `order-${index}`);
        // Each order comes to both of them.
        const results = await Promise.allSettled(
          ids.flatMap((id) => [wallet.ledger, other].map((ledger) => ledger.run(plain(buy(id, "ana", 10))))),
        );
        const refused = results.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
        expect(refused.every(({ code }) => code === "NO_FUNDS")).toBe(true);
        expect(await wallet.store.openAccount("ana", noon)).toMatchObject({
          available: 0,
          blocked: 50_000_000,
        });
        const held = await wallet.database.db.selectFrom("reservations").select("order_id").execute();
        expect(held).toHaveLength(50);
      } finally {
        await other.close();
        await second.close();
      }
    });

    it("calls an unknown order off, or holds for it, when two processes are asked at once", async () => {
      const second = await openDatabase<WalletSchema>(wallet.settings);
      const other = openLedger({ store: createSqlStore(second), now: () => noon, onCommit: () => {} });
      try {
        await wallet.ledger.run(plain({ kind: "DEPOSIT", userId: "ana", amount: toMoney(50 * 100_000) }));
        const ids = Array.from({ length: 50 }, (_, index) => `order-${index}`);
        const results = await Promise.allSettled(
          ids.flatMap((orderId) => [
            wallet.ledger.run(plain({ kind: "RELEASE", orderId })),
            other.run(plain(buy(orderId, "ana", 1))),
            other.run(plain({ kind: "RELEASE", orderId })),
          ]),
        );
        const refused = results.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
        expect(refused.filter(({ code }) => code !== "RELEASED")).toEqual([]);
        expect(await wallet.store.openAccount("ana", noon)).toMatchObject({
          blocked: 0,
          available: 5_000_000,
        });
      } finally {
        await other.close();
        await second.close();
      }
    });

    it("writes an event for each entry, with its id, in its order and with the sender's trace", async () => {
      await wallet.ledger.run(plain({ kind: "DEPOSIT", userId: "ana", amount: toMoney(5_000_000) }));
      await wallet.ledger.run(plain(buy("o1", "ana", 10)));
      const terms = { userId: "ana", ticker: "PETR4", side: "BUY", quantity: 10 } as const;
      const execution = { executionId: "e1", price: toMoney(90_000), quantity: 4 };
      await wallet.ledger.run(plain({ kind: "NEWS", orderId: "o1", terms, execution, executedInAll: 4 }));
      const entries = await wallet.store.readEntries("ana", { before: 100, limit: 100 });
      const rows = await wallet.database.db.selectFrom("outbox").selectAll().orderBy("id").execute();
      const events = rows.map(({ payload }) => JSON.parse(payload) as WalletEvent);
      expect(events.map(({ eventId }) => eventId)).toEqual(
        entries.map(({ transactionId }) => transactionId).reverse(),
      );
      expect(
        events.map((event) => [
          event.sequence,
          event.transactionType,
          event.amount,
          event.balanceAfter,
          event.blockedBalanceAfter,
        ]),
      ).toEqual([
        [1, "DEPOSIT", 500, 500, 0],
        [2, "RESERVE", -100, 400, 100],
        [3, "SETTLEMENT", -36, 400, 64],
        [4, "REFUND", 4, 404, 60],
        [5, "REFUND", 60, 464, 0],
      ]);
      expect(
        rows.map(({ channel, destination, record_key, traceparent: sent }) => [
          channel,
          destination,
          record_key,
          sent,
        ]),
      ).toEqual(rows.map(() => ["kafka", "wallet-events-v1", "ana", traceparent]));
    });

    it("lets what the database refuses fail alone", async () => {
      const deposit = (userId: string) => ({
        ...plain({ kind: "DEPOSIT", userId, amount: toMoney(1) }),
        transactionId: "same",
      });
      await wallet.ledger.run(deposit("ana"));
      const results = await Promise.allSettled([
        wallet.ledger.run(plain({ kind: "DEPOSIT", userId: "bia", amount: toMoney(7) })),
        wallet.ledger.run(deposit("bia")),
        wallet.ledger.run(plain({ kind: "DEPOSIT", userId: "bia", amount: toMoney(8) })),
      ]);
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(await wallet.store.openAccount("bia", noon)).toMatchObject({ available: 15 });
    });

    it("is held to its rules by the database itself", async () => {
      await wallet.ledger.run(plain({ kind: "DEPOSIT", userId: "ana", amount: toMoney(1) }));
      const { db, dialect } = wallet.database;
      await expect(
        db
          .updateTable("accounts")
          .set({ available: dialect.money(toMoney(-1)) })
          .execute(),
      ).rejects.toThrow(/CHECK/i);
    });
  });
}
