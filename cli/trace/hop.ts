import type { Known } from "./facts.js";
import { type StepName, stepOf } from "./steps.js";

/** "waiting": it has to come after one that is missing. */
export type HopState = "done" | "missing" | "waiting" | "unknown";

/** One hop of an order's life line. */
export interface Hop {
  /** "settle 17-1": the step, and what of it. */
  readonly id: string;
  readonly step: StepName;
  /** "SETTLEMENT 100 @ 38.47" */
  readonly what: string;
  /** The service. */
  readonly where: string;
  readonly state: HopState;
  /** Unix milliseconds; null where nobody wrote a time down, or it has not come. */
  readonly atMs: number | null;
  /** Where the time was read, or would be: "broker-wallet-db transactions.created_at", "order-events-v1/2@4711". */
  readonly source: string;
  /** Whose clock it is. */
  readonly clock: string;
  /** The hop that led to this one. */
  readonly after: string | null;
  /** Since when that is there, or this one would be: for latencies, and how long one is missing. */
  readonly sinceMs: number | null;
  /** What else is to say: why it is not known, how often it came. */
  readonly note?: string;
  /** Of one that is missing: the likely reason, and for how long already. */
  readonly cause?: string;
  readonly missingMs?: number;
}

export interface Found {
  readonly atMs: number | null;
  /** Default: the step's own. */
  readonly source?: string;
  readonly clock?: string;
  readonly note?: string;
}

export interface Expectation {
  readonly step: StepName;
  /** Tells it from others of its step. */
  readonly of?: string;
  readonly what: string;
  /** Ids of which the first that is on the line led to it. */
  readonly after?: readonly string[];
  readonly fact: Known<unknown>;
  readonly found: Found | undefined;
  /** What is there in its place. */
  readonly note?: string;
  /** It may be so that it never comes. */
  readonly optional?: boolean;
}

/** Hops in the order in which one leads to the next. */
export class HopList {
  readonly #hops = new Map<string, Hop>();
  readonly #storeOf: (step: StepName) => string | undefined;

  constructor(storeOf: (step: StepName) => string | undefined) {
    this.#storeOf = storeOf;
  }

  has(id: string): boolean {
    return this.#hops.has(id);
  }

  /** @returns its id, whether it is on the line or not */
  add({ step, of, what, after = [], fact, found, note: instead, optional = false }: Expectation): string {
    const id = of === undefined ? step : `${step} ${of}`;
    if (found === undefined && optional) return id;
    const { by, source } = stepOf(step);
    const cause = this.#hops.get(after.find((one) => this.#hops.has(one)) ?? "");
    const store = this.#storeOf(step);
    const absent = "unknown" in fact ? fact.unknown : instead;
    const note = found === undefined ? absent : found.note;
    this.#hops.set(id, {
      ...{ id, step, what, where: by },
      state: found !== undefined ? "done" : "unknown" in fact ? "unknown" : stateAfter(cause),
      atMs: found?.atMs ?? null,
      source: found?.source ?? (store === undefined ? source : `${store} ${source}`),
      clock: found?.clock ?? by,
      after: cause?.id ?? null,
      sinceMs: cause === undefined ? null : (cause.atMs ?? cause.sinceMs),
      ...(note === undefined ? {} : { note }),
    });
    return id;
  }

  /** In the order of their times; what has none comes after what led to it. */
  inTime(): Hop[] {
    const timeOf = ({ atMs, sinceMs }: Hop) => atMs ?? sinceMs ?? 0;
    return [...this.#hops.values()].sort((left, right) => timeOf(left) - timeOf(right));
  }
}

function stateAfter(cause: Hop | undefined): HopState {
  return cause?.state === "missing" || cause?.state === "waiting" ? "waiting" : "missing";
}
