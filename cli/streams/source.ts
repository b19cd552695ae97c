import type { StreamRecord } from "./record.js";

/**
 * Where reading begins. With `last` a source gives up to that many records of each of its lanes, and the merge keeps
 * the last of them all: no source knows what the others have.
 */
export type StartAt = { readonly last: number } | { readonly sinceMs: number } | "beginning" | "now";

export interface SourceInfo {
  readonly name: string;
  readonly partitions?: number;
  /** What of the past it can show: from when, and how many records, where that is known. */
  readonly history: "all" | "none" | { readonly fromMs?: number; readonly records?: number };
  /** For the header on stderr: "kafka order-events-v1 (3 partitions)". */
  readonly describe: string;
}

export interface Gap {
  readonly source: string;
  /** 0: the connection was there all the time, but what was to be read next is gone from the broker. */
  readonly tookMs: number;
  readonly missed: number | "unknown";
}

/**
 * A sequence of records in about the order of their publication: a partition, a queue. The merge sorts across lanes;
 * within one it only mends what is out of order by less than its window.
 */
export interface Lane {
  /**
   * A promise means: enough for now, wait for it before the next push. A lane made with `whenFull: "drop"` never gives
   * one: what does not fit is thrown away and counted.
   */
  push(records: readonly StreamRecord[]): void | Promise<void>;
  /** The past is through; what is pushed from now on is live. Again: no effect. */
  caughtUp(): void;
  /** Nothing will come any more. */
  end(): void;
}

export interface SourceSink {
  /** All lanes with a past are made before `open` resolves. Without one (`live: true`) it counts as caught up. */
  lane(options?: { readonly live?: boolean; readonly whenFull?: "wait" | "drop" }): Lane;
  /** The connection was away and is back. */
  gap(gap: Gap): void;
  /** Records that the source itself had to throw away. */
  dropped(count: number): void;
  /** One line for stderr, without a time or a final full stop; said once. */
  problem(text: string): void;
}

export interface StreamSource {
  readonly name: string;
  /**
   * Connects and begins. Resolves when it is known what there is to read; records come from then on, also before.
   * Rejects with a MybrokerError when there is nothing to read: no such topic, no connection. Ends with the signal.
   */
  open(sink: SourceSink, start: StartAt, signal: AbortSignal): Promise<SourceInfo>;
  /** Leaves no trace on the broker. Resolves once everything is taken away. Again: no effect. */
  close(): Promise<void>;
}
