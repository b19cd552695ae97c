import { within } from "../within.js";
import type { Quote } from "./quote.js";

export interface QuoteSinkOptions {
  /** Called once at a time, in the order of the quotes; after a failure with the same ones again. */
  readonly write: (quotes: readonly Quote[]) => Promise<void>;
  /** How many quotes wait while write is slow or fails; beyond that the oldest are dropped. */
  readonly capacity: number;
  /** The first failure after a success. */
  readonly onDown: (error: unknown) => void;
  readonly onUp: () => void;
  readonly onDropped: (count: number) => void;
}

export interface QuoteSink {
  offer(quotes: readonly Quote[]): void;
  /** Waits for a write that is under way, for 3 s at most. */
  close(): Promise<void>;
}

/** Of one write. */
const batchSize = 1_000;
const closingMs = 3_000;

/**
 * Between the quotes and a store that may be away. It has no timer: what failed is tried again with the next quotes.
 */
export function openQuoteSink({ write, capacity, onDown, onUp, onDropped }: QuoteSinkOptions): QuoteSink {
  let waiting: Quote[] = [];
  let writing: Promise<void> | undefined;
  let down = false;
  let closed = false;
  const drop = () => {
    const count = waiting.length - capacity;
    if (count > 0) onDropped(waiting.splice(0, count).length);
  };
  const drain = async () => {
    while (waiting.length > 0 && !closed) {
      const batch = waiting.splice(0, batchSize);
      try {
        await write(batch);
      } catch (error) {
        waiting = [...batch, ...waiting];
        drop();
        if (!down && !closed) onDown(error);
        down = true;
        return;
      }
      if (down) onUp();
      down = false;
    }
  };
  return {
    offer(quotes) {
      if (closed) return;
      waiting.push(...quotes);
      drop();
      writing ??= drain().finally(() => {
        writing = undefined;
      });
    },
    async close() {
      closed = true;
      await within(writing ?? Promise.resolve(), closingMs).catch(() => {});
    },
  };
}
