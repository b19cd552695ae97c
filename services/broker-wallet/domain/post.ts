import type { TransactionType } from "../../../contracts/messages.js";
import { type Money, toMoney } from "../../../kit/money.js";
import type { Account, Position, Reservation } from "./book.js";
import { Refusal } from "./refusal.js";

/** One movement. What it adds to each balance; negative: takes from it. */
export interface Posting {
  readonly type: TransactionType;
  readonly cash?: number;
  readonly blockedCash?: number;
  readonly shares?: number;
  readonly blockedShares?: number;
  /** To the total cost of the position. */
  readonly cost?: number;
  readonly orderId?: string;
  readonly executionId?: string;
}

/** A movement as the ledger keeps it. */
export interface Entry {
  readonly userId: string;
  /** Per account, from 1, without gaps. */
  readonly sequence: number;
  readonly type: TransactionType;
  /**
   * What came (or, negative, went): by available cash, and for a purchase, which is paid from blocked cash, by that.
   * So available cash is the sum of all amounts but those of purchases, and all cash that of DEPOSIT, WITHDRAWAL and
   * SETTLEMENT.
   */
  readonly amount: Money;
  readonly ticker: string | null;
  /** The same of shares; null where none moved. */
  readonly quantity: number | null;
  readonly orderId: string | null;
  readonly executionId: string | null;
  readonly balanceAfter: Money;
  readonly blockedBalanceAfter: Money;
  /** null where no shares moved. */
  readonly blockedQuantityAfter: number | null;
}

/** What a command changes, while it does: it counts only if all of the command goes through. */
export interface Draft {
  account: Account;
  position: Position;
  /** Of the command's order. */
  reservation: Reservation | undefined;
  /** settlementKey of the execution that the command settled. */
  settled: string | undefined;
  readonly entries: Entry[];
}

/**
 * Applies a posting to the draft. Nothing may get negative or beyond the limit of amounts.
 * @throws Refusal NO_FUNDS, NO_SHARES; MoneyError AMOUNT_LIMIT
 */
export function post(draft: Draft, posting: Posting): void {
  const { cash = 0, blockedCash = 0, shares = 0, blockedShares = 0, cost = 0 } = posting;
  const { account, position } = draft;
  const movesShares = shares !== 0 || blockedShares !== 0;
  const available = toMoney(account.available + cash);
  const blocked = toMoney(account.blocked + blockedCash);
  toMoney(available + blocked);
  if (available < 0 || blocked < 0) throw new Refusal("NO_FUNDS", "There is not enough cash.");
  draft.account = { ...account, available, blocked, sequence: account.sequence + 1 };
  if (movesShares) {
    const left = { available: position.available + shares, blocked: position.blocked + blockedShares };
    if (left.available < 0 || left.blocked < 0)
      throw new Refusal("NO_SHARES", "There are not enough shares.");
    draft.position = { ...position, ...left, totalCost: toMoney(position.totalCost + cost) };
  }
  draft.entries.push({
    userId: account.userId,
    sequence: draft.account.sequence,
    type: posting.type,
    amount: toMoney(cash === 0 ? blockedCash : cash),
    ticker: position.ticker === "" ? null : position.ticker,
    quantity: movesShares ? (shares === 0 ? blockedShares : shares) : null,
    orderId: posting.orderId ?? null,
    executionId: posting.executionId ?? null,
    balanceAfter: available,
    blockedBalanceAfter: blocked,
    blockedQuantityAfter: movesShares ? draft.position.blocked : null,
  });
}

/**
 * The part of the cost that leaves with some of the shares: in proportion, rounded down to 1/10000 BRL, so that the
 * last share takes all that is left and no cost ever stays without a share.
 */
export function costOf({ available, blocked, totalCost }: Position, quantity: number): number {
  const held = available + blocked;
  if (quantity > held) throw new Refusal("NO_SHARES", "There are not enough shares.");
  return Number((BigInt(totalCost) * BigInt(quantity)) / BigInt(held));
}

/** Rounded half up to 1/10000 BRL; null with no shares. */
export function averagePrice({ available, blocked, totalCost }: Omit<Position, "userId">): Money | null {
  const held = BigInt(available + blocked);
  return held === 0n ? null : toMoney((2n * BigInt(totalCost) + held) / (2n * held));
}
