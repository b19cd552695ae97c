import type { RecordBatch } from "./record-batch.js";

/** As it is saved: [offset, position, largest timestamp before it] of each entry. */
export type IndexEntry = readonly [offset: number, position: number, maxTimestampBeforeMs: number];

/** Bytes from one entry to the next: what a read may have to skip. */
export const indexGapBytes = 16 * 1024;

/** Where about every 16th KiB a batch of a segment begins. */
export class SparseIndex {
  readonly #entries: IndexEntry[];

  constructor(entries: readonly IndexEntry[] = []) {
    this.#entries = [...entries];
  }

  get entries(): readonly IndexEntry[] {
    return this.#entries;
  }

  add(batch: RecordBatch, position: number, maxTimestampBeforeMs: number): void {
    const last = this.#entries.at(-1);
    if (last && position - last[1] < indexGapBytes) return;
    this.#entries.push([batch.baseOffset, position, maxTimestampBeforeMs]);
  }

  /** A batch at or before the one that holds the offset; undefined in an empty segment. */
  findOffset(offset: number): IndexEntry | undefined {
    return this.#lastEntry((entry) => entry[0] <= offset);
  }

  /** A batch at or before the first one that reaches the timestamp. */
  findTime(timestampMs: number): IndexEntry | undefined {
    return this.#lastEntry((entry) => entry[2] < timestampMs);
  }

  /** Binary search: what holds for an entry holds for all before it, and for the first one. */
  #lastEntry(holds: (entry: IndexEntry) => boolean): IndexEntry | undefined {
    let low = 1;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.#entries[middle] as IndexEntry)) low = middle + 1;
      else high = middle;
    }
    return this.#entries[low - 1];
  }
}
