import type { SeedStores } from "../stores.js";

/** Something that does not fit. */
export interface Difference {
  /** Service of the store in the compose file. */
  readonly store: string;
  /** Table, collection or the beginning of the keys. */
  readonly table: string;
  readonly key: string;
  /** In words, with what is there and what was expected. */
  readonly what: string;
}

export interface Verification {
  /** The first 100. */
  readonly differences: readonly Difference[];
  /** All of them. */
  readonly total: number;
  /** Rows that were compared, by what they are: users, orders, executions … */
  readonly counts: Readonly<Record<string, number>>;
  readonly tookMs: number;
  /** How many stores were read. */
  readonly stores: number;
}

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  /** How long rows that differ may take to agree while messages are on their way; default 2,000. */
  readonly settleMs?: number;
  /** Counts and sums alone, for `doctor`. */
  readonly brief?: boolean;
}

/** Compares the stores with each other, whatever runs meanwhile. */
export async function verifyStores(_stores: SeedStores, _options: VerifyOptions = {}): Promise<Verification> {
  throw new Error("not built yet");
}
