import type { Timestamp } from "../../../kit/sql/columns.js";
import type { Account, Book, Position } from "../domain/book.js";
import type { Command } from "../domain/commands.js";
import type { Entry } from "../domain/post.js";

/** An entry with what makes it a row of the ledger and an event. */
export interface LedgerEntry extends Omit<Entry, "blockedQuantityAfter"> {
  readonly transactionId: string;
  readonly createdAt: Timestamp;
}

export interface NewEntry extends LedgerEntry, Pick<Entry, "blockedQuantityAfter"> {
  readonly traceparent: string;
}

export interface AccountView extends Omit<Account, "sequence"> {
  readonly updatedAt: Timestamp;
}

/** Where accounts are kept. Every method rejects while the database is away. */
export interface WalletStore {
  /**
   * In one transaction: locks the accounts of the commands (in the order of their ids, so that two never wait for each
   * other), loads what they need, calls `work`, and writes what it changed with its entries and their events. `work`
   * may be called again.
   */
  change(commands: readonly Command[], work: (book: Book) => readonly NewEntry[]): Promise<void>;
  /** Opens the account if it is not there. */
  openAccount(userId: string, at: Timestamp): Promise<AccountView>;
  /** In the order of their tickers. */
  readPositions(userId: string): Promise<Position[]>;
  /** Newest first. */
  readEntries(
    userId: string,
    page: { readonly before: number; readonly limit: number },
  ): Promise<LedgerEntry[]>;
  findEntry(userId: string, transactionId: string): Promise<LedgerEntry | undefined>;
}
