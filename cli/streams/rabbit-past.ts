import { publishedMsOf } from "./rabbit-record.js";
import type { Message } from "./rabbit-session.js";
import type { StreamRecord } from "./record.js";
import type { StartAt } from "./source.js";

/** A stream that is written to all the time is caught up with so long after the end that it had at the start. */
const livePatienceMs = 300;

/** What a stream held before it was listened to: which of it is wanted, and where it ends. */
export class Past {
  readonly #start: StartAt;
  readonly #lastChunk: number;
  #kept: StreamRecord[] = [];
  #behindSinceMs: number | undefined;

  /** @param lastChunk offset of the first message of the last chunk that there was */
  constructor(start: StartAt, lastChunk: number) {
    this.#start = start;
    this.#lastChunk = lastChunk;
  }

  /** A stream is entered by the chunk, which begins earlier than the time that was asked for. */
  isWanted({ properties }: Message): boolean {
    if (typeof this.#start === "string" || !("sinceMs" in this.#start)) return true;
    const publishedMs = publishedMsOf(properties.headers ?? {}, properties.timestamp);
    return publishedMs === undefined || publishedMs >= this.#start.sinceMs;
  }

  /** Takes what was read, gives what can go on at once: of the last so many, nothing before the end is known. */
  add(records: readonly StreamRecord[]): readonly StreamRecord[] {
    const limit = this.#limit;
    if (limit === undefined) return records;
    this.#kept.push(...records);
    if (this.#kept.length > 2 * limit) this.#kept = limit === 0 ? [] : this.#kept.slice(-limit);
    return [];
  }

  /** What was held back. */
  rest(): readonly StreamRecord[] {
    const limit = this.#limit ?? 0;
    return limit === 0 ? [] : this.#kept.slice(-limit);
  }

  /** "near": within the last chunk, whose end only the broker knows. */
  reached(next: number): "no" | "near" | "yes" {
    if (next <= this.#lastChunk) return "no";
    this.#behindSinceMs ??= performance.now();
    return performance.now() - this.#behindSinceMs > livePatienceMs ? "yes" : "near";
  }

  get #limit(): number | undefined {
    if (this.#start === "now") return 0;
    return typeof this.#start === "object" && "last" in this.#start ? this.#start.last : undefined;
  }
}
