import type { Money } from "../../../kit/money.js";
import type { Command, Order, Result, Terms } from "../domain/commands.js";

/** A result as it is stored and sent, for good. */
export interface Told extends Omit<Result, "order"> {
  readonly orderId: string;
  /** Of the command that made it. */
  readonly sequence: number;
  readonly at: number;
}

/** A result on its way out, in the trace of the message that made it. */
export interface Answer {
  readonly told: Told;
  readonly traceparent: string | undefined;
}

export interface BookState {
  readonly ticker: string;
  readonly reference: Money | null;
  readonly bid: Money | null;
  readonly bidQuantity: number;
  readonly ask: Money | null;
  readonly askQuantity: number;
}

/** Commands and all that they did: stored together or not at all. */
export interface Batch {
  readonly commands: readonly Command[];
  /** As they are after the last command. */
  readonly orders: readonly Order[];
  readonly results: readonly Told[];
  readonly books: readonly BookState[];
  /** To be sent: the results, and those of earlier batches that are asked for again. */
  readonly answers: readonly Answer[];
  /** PRICE commands from before (Unix, ms) are forgotten, except the last command of all. */
  readonly forgetPricesBefore?: number | undefined;
}

/** What the market is built from again. */
export interface Snapshot {
  /** Of the last command; 0 before the first. */
  readonly sequence: number;
  /** In the order of their sequence. */
  readonly resting: readonly (Order & { readonly terms: Terms })[];
  readonly books: readonly BookState[];
}

export interface EngineStore {
  /** The right to be the only engine, if nobody has it; `lost` as in kit/sql. */
  tryLock(): Promise<{ readonly lost: AbortSignal; release(): Promise<void> } | undefined>;
  load(): Promise<Snapshot>;
  /** By orderId, in the order of orderSeq; only of orders that are known. */
  findResults(orderIds: readonly string[]): Promise<Map<string, Told[]>>;
  /** Rejected: nobody knows whether it was stored. */
  save(batch: Batch): Promise<void>;
}
