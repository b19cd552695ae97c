import type { Transaction } from "kysely";
import { noMoney } from "../../../kit/money.js";
import type { Timestamp } from "../../../kit/sql/columns.js";
import type { SqlDialect } from "../../../kit/sql/dialect.js";
import { type Book, positionKey, type Reservation, settlementKey } from "../domain/book.js";
import { accountOf, type Command, orderOf } from "../domain/commands.js";
import type { Rows } from "./rows.js";
import type { WalletSchema } from "./schema.js";

export interface Loading {
  readonly transaction: Transaction<WalletSchema>;
  readonly dialect: SqlDialect;
  readonly rows: Rows;
  readonly book: Book;
}

/**
 * Locks the accounts of the commands and loads what they need. An order's reservation changes only under the lock of
 * its account, so everything after that lock is read as it stays.
 */
export async function loadBook(loading: Loading, commands: readonly Command[]): Promise<void> {
  const releases = commands.filter(({ kind }) => kind === "RELEASE").map(orderOf);
  const owned = new Map((await readReservations(loading, releases)).map((one) => [one.orderId, one]));
  const moves = commands.map((command) => ({ ...accountOf(command, owned.get(orderOf(command))), command }));
  await lockAccounts(loading, sortUnique(moves.map(({ userId }) => userId)));
  await openAccounts(
    loading,
    moves.filter(({ command }) => opening.includes(command.kind)).map(({ userId }) => userId),
  );
  const reservations = await readReservations(loading, commands.map(orderOf));
  for (const one of reservations) loading.book.reservations.load(one.orderId, one);
  await loadPositions(
    loading,
    moves.filter(({ command }) => movesShares(command, owned)),
  );
  await loadSettled(loading, commands);
}

/** What brings something in, for somebody whose first call it may be. */
const opening: readonly Command["kind"][] = ["DEPOSIT", "CUSTODY_IN"];

/** Without empty ones. */
function sortUnique(keys: readonly string[]): string[] {
  return [...new Set(keys)].filter((key) => key !== "").sort();
}

async function lockAccounts({ transaction, dialect, rows, book }: Loading, userIds: string[]): Promise<void> {
  if (userIds.length === 0) return;
  const query = transaction
    .selectFrom("accounts")
    .selectAll()
    .where("user_id", "in", userIds)
    .orderBy("user_id");
  for (const row of await dialect.forUpdate(query).execute())
    book.accounts.load(row.user_id, rows.readAccount(row));
}

/** A row that is not there cannot be locked. */
async function openAccounts(loading: Loading, userIds: readonly string[]): Promise<void> {
  const { transaction, dialect, rows, book } = loading;
  const missing = sortUnique(userIds).filter((userId) => book.accounts.get(userId) === undefined);
  for (const userId of missing) {
    const account = { userId, available: noMoney, blocked: noMoney, sequence: 0 };
    const row = rows.account(account, 0 as Timestamp);
    await dialect.insertIgnore(transaction.insertInto("accounts").values(row));
  }
  await lockAccounts(loading, missing);
}

async function readReservations({ transaction, rows }: Loading, orders: string[]): Promise<Reservation[]> {
  const orderIds = sortUnique(orders);
  if (orderIds.length === 0) return [];
  const query = transaction.selectFrom("reservations").selectAll().where("order_id", "in", orderIds);
  return (await query.execute()).map(rows.readReservation);
}

function movesShares(command: Command, owned: ReadonlyMap<string, Reservation>): boolean {
  switch (command.kind) {
    case "CUSTODY_IN":
    case "CUSTODY_OUT":
      return true;
    case "RESERVE":
      return command.terms.side === "SELL";
    case "RELEASE":
      return owned.get(command.orderId)?.terms?.side === "SELL";
    case "NEWS":
      return command.execution !== undefined || command.terms.side === "SELL";
    default:
      return false;
  }
}

async function loadPositions(
  { transaction, rows, book }: Loading,
  moves: readonly { userId: string; ticker: string }[],
): Promise<void> {
  if (moves.length === 0) return;
  const found = await transaction
    .selectFrom("positions")
    .selectAll()
    .where("user_id", "in", sortUnique(moves.map(({ userId }) => userId)))
    .where("ticker", "in", sortUnique(moves.map(({ ticker }) => ticker)))
    .execute();
  for (const row of found) book.positions.load(positionKey(row.user_id, row.ticker), rows.readPosition(row));
}

async function loadSettled({ transaction, book }: Loading, commands: readonly Command[]): Promise<void> {
  const executions = commands.flatMap((command) =>
    command.kind === "NEWS" && command.execution !== undefined
      ? [{ orderId: command.orderId, executionId: command.execution.executionId }]
      : [],
  );
  if (executions.length === 0) return;
  const found = await transaction
    .selectFrom("transactions")
    .select(["order_id", "execution_id"])
    .where("order_id", "in", sortUnique(executions.map(({ orderId }) => orderId)))
    .where("execution_id", "in", sortUnique(executions.map(({ executionId }) => executionId)))
    .where("transaction_type", "=", "SETTLEMENT")
    .execute();
  for (const { order_id, execution_id } of found) {
    book.settled.add(settlementKey(order_id ?? "", execution_id ?? ""));
  }
}
