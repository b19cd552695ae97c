import type { Side } from "../../../contracts/fields.js";
import type { TransactionType } from "../../../contracts/messages.js";
import type { Instrument } from "../../../kit/instruments.js";
import type { Ids } from "./make-ids.js";

export interface Position {
  readonly ticker: string;
  available: number;
  blocked: number;
  totalCost: number;
}

/** A line of the ledger. */
export interface Entry {
  readonly userId: string;
  readonly sequence: number;
  /** Of its id, which Wallet.idOf writes. */
  readonly ordinal: number;
  readonly type: TransactionType;
  readonly amount: number;
  readonly ticker: string | null;
  readonly quantity: number | null;
  readonly orderId: string | null;
  readonly executionId: string | null;
  readonly balanceAfter: number;
  readonly blockedBalanceAfter: number;
  readonly atMs: number;
}

/** What a movement adds to each balance. */
interface Movement {
  readonly type: TransactionType;
  readonly atMs: number;
  readonly cash?: number;
  readonly blockedCash?: number;
  readonly shares?: number;
  readonly blockedShares?: number;
  readonly cost?: number;
  readonly ticker?: string;
  readonly orderId?: string;
  readonly executionId?: string;
}

export interface Held {
  readonly orderId: string;
  readonly instrument: Instrument;
  readonly side: Side;
  readonly price: number;
}

/** An account by the rules of the wallet's ledger (services/broker-wallet/domain). */
export class Wallet {
  available = 0;
  blocked = 0;
  updatedMs = 0;
  readonly positions = new Map<string, Position>();
  readonly entries: Entry[] = [];
  readonly #ids: Ids;

  constructor(
    readonly userId: string,
    ids: Ids,
  ) {
    this.#ids = ids;
  }

  idOf({ atMs, ordinal }: Entry): string {
    return this.#ids.format(atMs, ordinal);
  }

  moveCash(type: "DEPOSIT" | "WITHDRAWAL", amount: number, atMs: number): void {
    this.#post({ type, atMs, cash: type === "DEPOSIT" ? amount : -amount });
  }

  bringShares({ ticker }: Instrument, bought: { quantity: number; cost: number; atMs: number }): void {
    const { quantity, cost, atMs } = bought;
    this.#post({ type: "CUSTODY_IN", atMs, ticker, shares: quantity, cost });
  }

  reserve(held: Held, quantity: number, atMs: number): void {
    this.#post({ type: "RESERVE", atMs, orderId: held.orderId, ...give(held, -quantity) });
  }

  release(held: Held, quantity: number, atMs: number): void {
    this.#post({ type: "REFUND", atMs, orderId: held.orderId, ...give(held, quantity) });
  }

  settle(held: Held, trade: { executionId: string; price: number; quantity: number }, atMs: number): void {
    const { executionId, price, quantity } = trade;
    const paid = price * quantity;
    const ticker = held.instrument.baseTicker;
    const origin = { atMs, ticker, orderId: held.orderId, executionId };
    if (held.side === "SELL") {
      const cost = -this.#costOf(ticker, quantity);
      this.#post({ type: "SETTLEMENT", ...origin, cash: paid, blockedShares: -quantity, cost });
      return;
    }
    const spared = held.price * quantity - paid;
    this.#post({ type: "SETTLEMENT", ...origin, blockedCash: -paid, shares: quantity, cost: paid });
    if (spared > 0) this.#post({ type: "REFUND", ...origin, cash: spared, blockedCash: -spared });
  }

  /** Rounded down to 1/10000 BRL. */
  #costOf(ticker: string, quantity: number): number {
    const { available, blocked, totalCost } = this.positions.get(ticker) as Position;
    return Number((BigInt(totalCost) * BigInt(quantity)) / BigInt(available + blocked));
  }

  #post(movement: Movement): void {
    const { type, atMs, cash = 0, blockedCash = 0, shares = 0, blockedShares = 0, ticker } = movement;
    this.available += cash;
    this.blocked += blockedCash;
    this.updatedMs = atMs;
    if (ticker !== undefined && (shares !== 0 || blockedShares !== 0)) this.#moveShares(ticker, movement);
    this.entries.push({
      userId: this.userId,
      sequence: this.entries.length + 1,
      ordinal: this.#ids.next(),
      type,
      amount: cash === 0 ? blockedCash : cash,
      ticker: ticker ?? null,
      quantity: shares || blockedShares || null,
      orderId: movement.orderId ?? null,
      executionId: movement.executionId ?? null,
      balanceAfter: this.available,
      blockedBalanceAfter: this.blocked,
      atMs,
    });
  }

  #moveShares(ticker: string, { shares = 0, blockedShares = 0, cost = 0 }: Movement): void {
    const position = this.positions.get(ticker) ?? { ticker, available: 0, blocked: 0, totalCost: 0 };
    position.available += shares;
    position.blocked += blockedShares;
    position.totalCost += cost;
    this.positions.set(ticker, position);
  }
}

/** What so many shares of an order give back to what is available; negative: what is held for them. */
function give({ side, price, instrument: { baseTicker: ticker } }: Held, quantity: number) {
  if (side === "SELL") return { ticker, shares: quantity, blockedShares: -quantity };
  return { ticker, cash: price * quantity, blockedCash: -price * quantity };
}
