import type { Side } from "../../../contracts/fields.js";
import { type Money, noMoney } from "../../../kit/money.js";

export interface Account {
  readonly userId: string;
  readonly available: Money;
  /** Held for BUY orders. */
  readonly blocked: Money;
  /** Of its last entry; 0 with none. */
  readonly sequence: number;
}

export interface Position {
  readonly userId: string;
  /** Never that of an odd-lot book. */
  readonly ticker: string;
  readonly available: number;
  /** Held for SELL orders. */
  readonly blocked: number;
  /** What all its shares cost; their average price is derived from it. */
  readonly totalCost: Money;
}

/** What an order holds: of each of its shares the unit price (BUY) or the share itself (SELL). */
export interface Terms {
  readonly userId: string;
  /** As ordered, PETR4F too. */
  readonly ticker: string;
  readonly side: Side;
  readonly quantity: number;
  readonly unitPrice: Money;
}

/**
 * RELEASED: no more will be given back, and no new reservation is made for the order; executions of what is still held
 * may yet arrive. Held are quantity - settled - released shares, or their price.
 */
export interface Reservation {
  readonly orderId: string;
  readonly state: "HELD" | "RELEASED";
  /** undefined: a tombstone, of an order for which nothing was ever held. */
  readonly terms: Terms | undefined;
  readonly settled: number;
  readonly released: number;
}

/**
 * Accounts and what belongs to them: all there is, or as much as some commands need. What is put in is remembered as
 * changed.
 */
export class Book {
  readonly accounts = new Changing<Account>();
  readonly positions = new Changing<Position>();
  readonly reservations = new Changing<Reservation>();
  /** Executions that are settled, by settlementKey. */
  readonly settled = new Set<string>();

  account(userId: string): Account {
    return this.accounts.get(userId) ?? { userId, available: noMoney, blocked: noMoney, sequence: 0 };
  }

  position(userId: string, ticker: string): Position {
    const none = { userId, ticker, available: 0, blocked: 0, totalCost: noMoney };
    return this.positions.get(positionKey(userId, ticker)) ?? none;
  }
}

/** Values by key; those that were put since they were loaded are known. */
export class Changing<T> {
  readonly #values = new Map<string, T>();
  readonly #loaded = new Set<string>();
  readonly #changed = new Set<string>();

  load(key: string, value: T): void {
    this.#values.set(key, value);
    this.#loaded.add(key);
  }

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  put(key: string, value: T): void {
    this.#values.set(key, value);
    this.#changed.add(key);
  }

  values(): T[] {
    return [...this.#values.values()];
  }

  /** Those that were put: `known` were loaded before, `made` were not. */
  changes(): { readonly known: T[]; readonly made: T[] } {
    const pick = (known: boolean) =>
      [...this.#changed]
        .filter((key) => this.#loaded.has(key) === known)
        .map((key) => this.#values.get(key) as T);
    return { known: pick(true), made: pick(false) };
  }
}

export function positionKey(userId: string, ticker: string): string {
  return `${userId} ${ticker}`;
}

export function settlementKey(orderId: string, executionId: string): string {
  return `${orderId} ${executionId}`;
}

/** PETR4 for PETR4 and PETR4F: the odd-lot book trades the same shares. */
export function baseTicker(ticker: string): string {
  return ticker.endsWith("F") ? ticker.slice(0, -1) : ticker;
}
