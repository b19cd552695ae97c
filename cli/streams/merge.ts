import type { StreamRecord } from "./record.js";
import type { Gap, SourceInfo, StartAt, StreamSource } from "./source.js";

export interface MergeOptions {
  /** Where reading begins; given to each source. */
  readonly start: StartAt;
  /** Records published within so many milliseconds of each other come in order. Default 50. */
  readonly windowMs?: number;
  /** Takes records in order. While its promise is open nothing more is given. */
  readonly emit: (records: readonly StreamRecord[]) => void | Promise<void>;
  readonly gap?: (gap: Gap) => void;
  /** How many more were thrown away since the last call, whichever source they were of. */
  readonly dropped?: (count: number) => void;
  readonly problem?: (text: string) => void;
}

export interface Merge {
  /**
   * Opens a source into this merge. Nothing is given out before every added source is open or has failed, so add all
   * of them at once, without awaiting one before the next. Rejects as the source's `open` does.
   */
  add(source: StreamSource, signal: AbortSignal): Promise<SourceInfo>;
  /** Resolves when the past of all sources has been emitted; rejects when `emit` did. */
  readonly caughtUp: Promise<void>;
  /** Gives out what is still held, in order, and resolves when `emit` has taken it. Closes no source. */
  flush(): Promise<void>;
}

/**
 * Puts the records of several sources in the order of their publication. The past is merged wholly: a record is given
 * out when no lane can bring an earlier one. Live records wait `windowMs` at most. Memory is bounded: full lanes wait
 * or drop, as they were made.
 */
export function createMerge(_options: MergeOptions): Merge {
  throw Error("not built yet");
}
