import type { CacheBatch, CachePart, DocumentBatch, DocumentPart, RowBatch, SqlPart } from "./parts.js";

export interface WorldOptions {
  /** An integer; another one gives other users, orders and prices. */
  readonly randomSeed: number;
  /** 1: 1,000 users, 20,000 orders, 100,000 ticks; 0.01 to 100. */
  readonly scale: number;
  /** Unix time. Everything happened in the 30 days before; rounded down to the start of its day in Sao Paulo. */
  readonly asOfMs: number;
}

/** In the place of every password hash: the loader puts that of SEED_USER_PASSWORD there. */
export const passwordHashPlaceholder = "{password-hash}";

/**
 * A data set: the same options give the same rows, on any machine and at every call. Nothing is kept: each iteration
 * makes its rows anew, a pair of users at a time.
 *
 * The exchange's numbers (sequence of commands, ids of results) are below zero, so that they come before all that an
 * exchange counts from 1, and never meet what a running one has.
 */
export interface World {
  /** Six hex digits: of the generator's version, seed and scale. */
  readonly id: string;
  readonly options: WorldOptions;
  /** As rounded: all times are offsets from it. */
  readonly asOfMs: number;
  readonly counts: { readonly users: number; readonly orders: number; readonly ticks: number };
  /** Of the first user. */
  readonly loginEmail: string;
  /** Of one table, or of all in turn (tablesOf). */
  rowsOf(part: SqlPart, table?: string): Iterable<RowBatch>;
  documentsOf(part: DocumentPart): Iterable<DocumentBatch>;
  entriesOf(part: CachePart): CacheBatch;
}

/** @throws RangeError for options that are none */
export function createWorld(_options: WorldOptions): World {
  throw new Error("not built yet");
}
