import type { Filter } from "./filter.js";
import { createMerge, type Merge } from "./merge.js";
import type { StreamRecord } from "./record.js";
import type { Gap, SourceInfo, StartAt, StreamSource } from "./source.js";

/** What is wanted of the records that come, and when it is enough. */
export interface WatchPlan {
  readonly start: StartAt;
  /** Of the past only the last so many that are wanted; undefined: all that the sources give. */
  readonly keepLast?: number;
  /** Unix milliseconds: nothing later is wanted. */
  readonly untilMs?: number;
  /** False: ends when the past is through. */
  readonly follow: boolean;
  readonly limit?: number;
  /** Ends when nothing wanted came for this long; what waits for a slow reader has come. */
  readonly idleTimeoutMs?: number;
  readonly filter?: Filter;
  readonly stopWhen?: Filter;
}

export interface Viewer {
  /** All sources are open or have failed; nothing was shown yet. Throwing ends the watch. */
  opened(outcomes: readonly Opened[]): void;
  /** Wanted records, in order. While the promise is open no more are given. */
  show(records: readonly StreamRecord[]): Promise<void>;
  /** Nothing wanted has come for a while since the past is through; said once. */
  silent(): void;
  gap(gap: Gap): void;
  dropped(count: number): void;
  problem(text: string): void;
}

export type Opened =
  | { readonly source: StreamSource; readonly info: SourceInfo }
  | { readonly source: StreamSource; readonly failure: unknown };

export type EndReason = "stop-when" | "limit" | "idle" | "until" | "past" | "interrupted";

export interface WatchResult {
  readonly reason: EndReason;
  /** Records that were wanted. */
  readonly shown: number;
  /** Records that were thrown away because nobody took them in time. */
  readonly dropped: number;
}

const silenceMs = 3_000;

/** Opens the sources, shows what is wanted of them, and closes them. */
export async function watchStreams(
  sources: readonly StreamSource[],
  plan: WatchPlan,
  { viewer, signal }: { readonly viewer: Viewer; readonly signal: AbortSignal },
): Promise<WatchResult> {
  const watch = new Watch(plan, viewer);
  const stop = new AbortController();
  const merge = createMerge({
    start: plan.start,
    emit: (records) => watch.take(records),
    gap: (gap) => viewer.gap(gap),
    dropped: (count) => watch.drop(count),
    problem: (text) => viewer.problem(text),
  });
  const interrupt = (): void => void endOrderly(merge, watch);
  signal.addEventListener("abort", interrupt, { once: true });
  if (signal.aborted) interrupt();
  try {
    const opening = sources.map(async (source): Promise<Opened> => {
      const either = AbortSignal.any([signal, stop.signal]);
      return merge.add(source, either).then(
        (info) => ({ source, info }),
        (failure: unknown) => ({ source, failure }),
      );
    });
    const outcomes = await Promise.race([Promise.all(opening), watch.ended]);
    if (typeof outcomes === "object") {
      viewer.opened(outcomes);
      watch.begin();
      await Promise.race([goThrough(merge, watch), watch.ended]);
      await watch.ended;
    }
    return await watch.result();
  } finally {
    signal.removeEventListener("abort", interrupt);
    watch.stopTimers();
    stop.abort();
    await Promise.allSettled(sources.map((source) => source.close()));
  }
}

/** So long what has come is shown after an interruption, if its reader is quick enough. */
const farewellMs = 200;

/** Each message that came is shown, or counted as dropped. */
async function endOrderly(merge: Merge, watch: Watch): Promise<void> {
  if (watch.isLive) await Promise.race([merge.flush(), watch.pause(farewellMs), watch.ended]);
  if (watch.isLive) merge.discard();
  watch.end("interrupted");
}

/** The past, and then what makes an end of the present. */
async function goThrough(merge: Merge, watch: Watch): Promise<void> {
  await merge.caughtUp;
  await watch.endPast();
  // What cannot be shown is told by the result.
  watch.endWhenIdle(() => merge.flush()).catch(() => watch.end("idle"));
  const untilMs = watch.followsForMs();
  if (untilMs === undefined) return;
  await watch.pause(untilMs);
  await merge.flush();
  watch.end("until");
}

class Watch {
  readonly #plan: WatchPlan;
  readonly #viewer: Viewer;
  readonly ended: Promise<EndReason>;
  #resolve!: (reason: EndReason) => void;
  #reason: EndReason | undefined;
  /** Kept back until all of the past is known. */
  #past: StreamRecord[] | undefined;
  readonly #begun: Promise<void>;
  #begin!: () => void;
  #hasBegun = false;
  #shown = 0;
  #dropped = 0;
  #showing: Promise<void> = Promise.resolve();
  /** When something wanted came or was taken last, by performance.now(). */
  #activeAtMs = 0;
  #isPastThrough = false;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(plan: WatchPlan, viewer: Viewer) {
    this.#plan = plan;
    this.#viewer = viewer;
    this.#past = plan.keepLast === undefined ? undefined : [];
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  /** The past is through, and nothing has ended it yet. */
  get isLive(): boolean {
    return this.#isPastThrough && this.#reason === undefined;
  }

  begin(): void {
    this.#hasBegun = true;
    this.#begin();
  }

  end(reason: EndReason): void {
    this.#reason ??= reason;
    this.#resolve(this.#reason);
  }

  /** What is being shown is shown to its end. */
  async result(): Promise<WatchResult> {
    await this.#showing;
    return { reason: await this.ended, shown: this.#shown, dropped: this.#dropped };
  }

  drop(count: number): void {
    this.#dropped += count;
    this.#viewer.dropped(count);
  }

  take(records: readonly StreamRecord[]): void | Promise<void> {
    if (!this.#hasBegun) return this.#begun.then(() => this.take(records));
    if (this.#reason !== undefined) return undefined;
    const wanted = this.#select(records);
    if (wanted.length === 0) return undefined;
    if (this.#past === undefined) return this.#show(wanted);
    const kept = this.#plan.keepLast ?? 0;
    for (const record of wanted) this.#past.push(record);
    // Not at each batch: moving the rest costs as much as the batch.
    if (this.#past.length > 2 * kept + 1_000) this.#past = takeLast(this.#past, kept);
    return undefined;
  }

  async endPast(): Promise<void> {
    const past = takeLast(this.#past ?? [], this.#plan.keepLast ?? 0);
    this.#past = undefined;
    if (past.length > 0) await this.#show(past);
    if (!this.#plan.follow || (this.followsForMs() ?? 1) <= 0) return this.end("past");
    this.#isPastThrough = true;
    this.#activeAtMs = performance.now();
    const shownBefore = this.#shown;
    this.#later(silenceMs, () => {
      if (this.#shown === shownBefore) this.#viewer.silent();
    });
  }

  /** One timer for the whole time, not one a record. @param flush gives out what is held back for its order */
  async endWhenIdle(flush: () => Promise<void>): Promise<void> {
    const { idleTimeoutMs } = this.#plan;
    if (idleTimeoutMs === undefined) return;
    while (this.isLive) {
      const activeAtMs = this.#activeAtMs;
      const leftMs = activeAtMs + idleTimeoutMs - performance.now();
      if (leftMs > 0) await this.pause(leftMs);
      else {
        await flush();
        await this.#showing;
        if (this.#activeAtMs === activeAtMs) this.end("idle");
      }
    }
  }

  /** Milliseconds until the last time that is wanted; undefined where there is none. */
  followsForMs(): number | undefined {
    const { untilMs } = this.#plan;
    return untilMs === undefined ? undefined : untilMs - Date.now();
  }

  pause(timeMs: number): Promise<void> {
    return new Promise((resolve) => this.#later(Math.min(timeMs, 2 ** 31 - 1), resolve));
  }

  stopTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #select(records: readonly StreamRecord[]): readonly StreamRecord[] {
    const { filter, untilMs } = this.#plan;
    if (filter === undefined && untilMs === undefined) return records;
    return records.filter(
      (record) =>
        (untilMs === undefined || record.publishedMs <= untilMs) && (filter?.matches(record) ?? true),
    );
  }

  #show(records: readonly StreamRecord[]): Promise<void> {
    const { limit = Number.POSITIVE_INFINITY, stopWhen } = this.#plan;
    let shown = records.slice(0, Math.max(0, limit - this.#shown));
    const met = stopWhen === undefined ? -1 : shown.findIndex((record) => stopWhen.matches(record));
    if (met >= 0) shown = shown.slice(0, met + 1);
    this.#shown += shown.length;
    this.#activeAtMs = performance.now();
    if (met >= 0) this.end("stop-when");
    else if (this.#shown >= limit) this.end("limit");
    this.#showing = this.#viewer.show(shown).then(() => {
      this.#activeAtMs = performance.now();
    });
    return this.#showing;
  }

  #later(timeMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, timeMs);
    this.#timers.add(timer);
  }
}

function takeLast(records: StreamRecord[], count: number): StreamRecord[] {
  return count === 0 ? [] : records.slice(-count);
}
