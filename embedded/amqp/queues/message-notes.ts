import { encodeGone, encodeStates, type IdRange, type StateChange } from "./record.js";

/** A record of more would hold up what is written behind it. */
const rangesPerRecord = 50_000;

/**
 * What became of a queue's messages, until it is in their file: that of one turn of the event loop goes out together.
 */
export class MessageNotes {
  readonly #write: (records: readonly Buffer[][]) => void;
  #gone: number[] = [];
  #changes = new Map<number, StateChange>();
  #isDue = false;

  /** @param write called with the records of a turn, with none where nothing was noted */
  constructor(write: (records: readonly Buffer[][]) => void) {
    this.#write = write;
  }

  addGone(id: number): void {
    // Most are acknowledged in the turn that delivered them: one record less.
    this.#changes.delete(id);
    this.#gone.push(id);
  }

  addChange(change: StateChange): void {
    this.#changes.set(change.id, change);
    this.writeSoon();
  }

  /** At the end of this turn. */
  writeSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.writeNow());
  }

  writeNow(): void {
    this.#isDue = false;
    const records: Buffer[][] = [];
    if (this.#changes.size > 0) records.push(encodeStates([...this.#changes.values()]));
    const ranges = joinRanges(this.#gone);
    for (let from = 0; from < ranges.length; from += rangesPerRecord) {
      records.push(encodeGone(ranges.slice(from, from + rangesPerRecord)));
    }
    this.#changes = new Map();
    this.#gone = [];
    this.#write(records);
  }
}

/** As few ranges as there are gaps. */
function joinRanges(ids: readonly number[]): IdRange[] {
  const ranges: [number, number][] = [];
  for (const id of Float64Array.from(ids).sort()) {
    const last = ranges.at(-1);
    if (last && last[1] === id) last[1] = id + 1;
    else ranges.push([id, id + 1]);
  }
  return ranges;
}
