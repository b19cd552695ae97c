import { LaneBuffer } from "./lane-buffer.js";
import type { StreamRecord } from "./record.js";
import type { Gap, Lane, SourceInfo, SourceSink, StartAt, StreamSource } from "./source.js";

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
  /** Gives up what is still held; what came by a lane that drops, and no broker has any more, counts as dropped. */
  discard(): void;
}

/**
 * Puts the records of several sources in the order of their publication. The past is merged wholly: a record is given
 * out when no lane can bring an earlier one. Live records wait `windowMs` at most. Memory is bounded: full lanes wait
 * or drop, as they were made.
 */
export function createMerge(options: MergeOptions): Merge {
  return new TimeMerge(options);
}

const defaultWindowMs = 50;
/** Given out at once: enough to make the calls cheap, few enough to notice a slow terminal. */
const emitLimit = 1024;

class TimeMerge implements Merge {
  readonly caughtUp: Promise<void>;
  readonly #options: MergeOptions;
  readonly #windowMs: number;
  readonly #lanes: LaneBuffer[] = [];
  #laneCount = 0;
  #opening = 0;
  #hasSources = false;
  #isBusy = false;
  #isFlushing = false;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #idle: (() => void)[] = [];
  #settle!: { resolve: () => void; reject: (reason: unknown) => void };

  constructor(options: MergeOptions) {
    this.#options = options;
    this.#windowMs = options.windowMs ?? defaultWindowMs;
    this.caughtUp = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Who only follows does not look at it.
    this.caughtUp.catch(() => {});
  }

  async add(source: StreamSource, signal: AbortSignal): Promise<SourceInfo> {
    this.#hasSources = true;
    this.#opening += 1;
    try {
      return await source.open(this.#sink(), this.#options.start, signal);
    } finally {
      this.#opening -= 1;
      this.#drain();
    }
  }

  async flush(): Promise<void> {
    this.#isFlushing = true;
    this.#drain();
    if (this.#isBusy) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#isFlushing = false;
  }

  discard(): void {
    for (const lane of this.#lanes) {
      if (lane.isLossy) this.#dropped += lane.length;
      lane.clear();
    }
    this.#reportDropped();
  }

  #sink(): SourceSink {
    const { gap, problem } = this.#options;
    return {
      lane: (settings = {}) => this.#addLane(settings),
      gap: (facts) => gap?.(facts),
      dropped: (count) => {
        this.#dropped += count;
        this.#drain();
      },
      problem: (text) => problem?.(text),
    };
  }

  #addLane({ live = false, whenFull = "wait" }: { live?: boolean; whenFull?: "wait" | "drop" }): Lane {
    const lane = new LaneBuffer({ isLive: live, isLossy: whenFull === "drop", rank: this.#laneCount });
    this.#laneCount += 1;
    this.#lanes.push(lane);
    return {
      push: (records) => this.#push(lane, records),
      caughtUp: () => {
        lane.catchUp();
        // Not at once: what came with the last of the past is pushed next, of this lane and of others.
        queueMicrotask(() => this.#drain());
      },
      end: () => {
        lane.end();
        this.#drain();
      },
    };
  }

  #push(lane: LaneBuffer, records: readonly StreamRecord[]): void | Promise<void> {
    const kept = lane.isLossy ? records.slice(0, lane.room()) : records;
    this.#dropped += records.length - kept.length;
    lane.add(kept, Date.now());
    if (this.#isHolding()) this.#keepTheLast();
    this.#drain();
    if (!lane.isLossy && lane.isFull() && !(this.#isHolding() && !lane.isLive)) return lane.waitForRoom();
  }

  /** With `last` nothing goes out before the past of all lanes is known. */
  #isHolding(): boolean {
    const { start } = this.#options;
    return typeof start === "object" && "last" in start && this.#isCatchingUp();
  }

  #isCatchingUp(): boolean {
    return this.#opening > 0 || this.#lanes.some((lane) => !lane.isLive);
  }

  /** Of the past: an earlier record than `last` others is none of the last ones, whatever still comes. */
  #keepTheLast(): void {
    const { last } = this.#options.start as { last: number };
    let held = 0;
    for (const lane of this.#lanes) held += lane.pastCount;
    for (; held > last; held -= 1) {
      let first: LaneBuffer | undefined;
      for (const lane of this.#lanes) if (lane.pastCount > 0 && lane.isBefore(first)) first = lane;
      first?.take();
    }
  }

  /** Gives out what is due, as long as `emit` takes it at once. */
  #drain(): void {
    if (this.#isBusy) return;
    for (;;) {
      this.#reportDropped();
      const dueMs = this.#isFlushing ? Number.POSITIVE_INFINITY : this.#dueMs(Date.now());
      const records = this.#take(dueMs);
      if (records.length === 0) break;
      const taken = this.#emit(records);
      if (taken !== undefined) {
        void taken.then(() => this.#drain());
        return;
      }
      this.#relieve();
    }
    this.#relieve();
    for (const resolve of this.#idle.splice(0)) resolve();
    if (this.#hasSources && !this.#isCatchingUp() && this.#lanes.every((lane) => lane.pastCount === 0)) {
      this.#settle.resolve();
    }
    this.#schedule();
  }

  /** Nothing else is given out meanwhile, and nothing any more when `emit` failed. */
  #emit(records: readonly StreamRecord[]): Promise<void> | undefined {
    this.#isBusy = true;
    try {
      const taken = this.#options.emit(records);
      if (taken === undefined) {
        this.#isBusy = false;
        return undefined;
      }
      return taken.then(
        () => {
          this.#isBusy = false;
          this.#relieve();
        },
        (error) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
      return Promise.resolve();
    }
  }

  /** Nobody takes anything any more; lanes are let go, so that sources end. */
  #fail(error: unknown): void {
    this.#isBusy = true;
    this.#settle.reject(error);
    for (const lane of this.#lanes) lane.clear();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Up to which time no earlier record is to be expected. */
  #dueMs(nowMs: number): number {
    if (this.#opening > 0 || this.#isHolding()) return Number.NEGATIVE_INFINITY;
    let dueMs = nowMs - this.#windowMs;
    const past = this.#lanes.filter((lane) => !lane.isLive);
    // A pressed lane cannot wait for the window, or it would wait for ever: what it has goes out in its own order.
    if (past.length === 0) {
      for (const lane of this.#lanes) if (lane.isPressed()) dueMs = Math.max(dueMs, lane.lastKeyMs);
    } else {
      const reached = past.map((lane) =>
        lane.isPressed() ? lane.lastKeyMs : lane.lastKeyMs - this.#windowMs,
      );
      dueMs = past.some((lane) => lane.isPressed()) ? Math.min(...reached) : Math.min(dueMs, ...reached);
    }
    return dueMs;
  }

  #take(dueMs: number): StreamRecord[] {
    const records: StreamRecord[] = [];
    while (records.length < emitLimit) {
      let first: LaneBuffer | undefined;
      let second: LaneBuffer | undefined;
      for (const lane of this.#lanes) {
        if (lane.isBefore(first)) {
          second = first;
          first = lane;
        } else if (lane.isBefore(second)) second = lane;
      }
      if (first === undefined || first.firstDueMs > dueMs) break;
      // As long as this lane stays ahead of all others there is nothing to compare it with.
      do records.push(first.take());
      while (records.length < emitLimit && first.firstDueMs <= dueMs && first.isBefore(second));
    }
    return records;
  }

  #relieve(): void {
    for (let index = this.#lanes.length - 1; index >= 0; index -= 1) {
      const lane = this.#lanes[index] as LaneBuffer;
      lane.relieve();
      if (lane.isOver()) this.#lanes.splice(index, 1);
    }
  }

  #reportDropped(): void {
    if (this.#dropped === 0) return;
    this.#options.dropped?.(this.#dropped);
    this.#dropped = 0;
  }

  /** Live records are due by the clock; those of the past when a lane goes on. */
  #schedule(): void {
    let atMs = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes) atMs = Math.min(atMs, lane.firstDueMs);
    atMs += this.#windowMs;
    const nowMs = Date.now();
    if (atMs === Number.POSITIVE_INFINITY || (atMs <= nowMs && this.#isCatchingUp())) return;
    if (this.#timer !== undefined && this.#timerAtMs <= atMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#drain();
      },
      Math.max(1, atMs - nowMs),
    );
  }
}
