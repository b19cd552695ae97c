import type { StreamRecord } from "./record.js";

/** What a lane holds before it waits or drops; some more may come with one push. */
const limits = { records: 16_384, bytes: 8 * 1024 * 1024 } as const;

/** Clocks of brokers may be ahead by so much, all by the same; a time further ahead says nothing. */
const aheadMostMs = 10_000;

/** The records of one lane, sorted by when they were published. */
export class LaneBuffer {
  readonly isLossy: boolean;
  isLive: boolean;
  /** Of the latest record that ever came. */
  lastKeyMs = Number.NEGATIVE_INFINITY;
  /** How many of those held are of the past; they stand before the live ones. */
  pastCount = 0;
  /** Lanes that came earlier go first where times are equal. */
  readonly #rank: number;
  #records: StreamRecord[] = [];
  #keys: number[] = [];
  /** When each came, by our clock. */
  #arrivals: number[] = [];
  #head = 0;
  #sizeBytes = 0;
  #isEnded = false;
  /** Live records are not sorted before the past. */
  #floorMs = Number.NEGATIVE_INFINITY;
  #waiting: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor({ isLive, isLossy, rank }: { isLive: boolean; isLossy: boolean; rank: number }) {
    this.isLive = isLive;
    this.isLossy = isLossy;
    this.#rank = rank;
  }

  get length(): number {
    return this.#records.length - this.#head;
  }

  /** Unix milliseconds; Infinity when it is empty. */
  get firstKeyMs(): number {
    return this.#keys[this.#head] ?? Number.POSITIVE_INFINITY;
  }

  /** From when on its first record need not wait any more: when it was published, and where that is to come, came. */
  get firstDueMs(): number {
    return Math.min(this.firstKeyMs, this.#arrivals[this.#head] ?? Number.POSITIVE_INFINITY);
  }

  /** Whether its first record goes before that of the other; an empty lane is before none. */
  isBefore(other: LaneBuffer | undefined): boolean {
    if (this.length === 0) return false;
    if (other === undefined || other.length === 0) return true;
    const difference = this.firstKeyMs - other.firstKeyMs;
    return difference < 0 || (difference === 0 && this.#rank < other.#rank);
  }

  isFull(): boolean {
    return this.length >= limits.records || this.#sizeBytes >= limits.bytes;
  }

  /** It is full, or was and somebody waits for it to be half empty: it cannot wait for others. */
  isPressed(): boolean {
    return this.#waiting !== undefined || this.isFull();
  }

  /** How many more records it takes. */
  room(): number {
    return this.isFull() ? 0 : limits.records - this.length;
  }

  add(records: readonly StreamRecord[], nowMs: number): void {
    for (const record of records) {
      const keyMs = Math.max(this.#believe(record.publishedMs, nowMs), this.#floorMs);
      this.#sizeBytes += sizeOf(record);
      if (keyMs >= this.lastKeyMs || this.length === 0) {
        this.#keys.push(keyMs);
        this.#arrivals.push(nowMs);
        this.#records.push(record);
        this.lastKeyMs = Math.max(this.lastKeyMs, keyMs);
      } else this.#insert(record, { keyMs, nowMs });
    }
    if (!this.isLive) this.pastCount += records.length;
  }

  /** What no clock can say counts as of now, and in the past as the one before it, or all after it would be late. */
  #believe(publishedMs: number, nowMs: number): number {
    if (publishedMs <= nowMs + aheadMostMs) return publishedMs;
    return this.isLive || this.lastKeyMs === Number.NEGATIVE_INFINITY ? nowMs : this.lastKeyMs;
  }

  take(): StreamRecord {
    const record = this.#records[this.#head] as StreamRecord;
    // Not kept alive by the list: it is cut only now and then.
    this.#records[this.#head] = undefined as never;
    this.#head += 1;
    this.#sizeBytes -= sizeOf(record);
    if (this.pastCount > 0) this.pastCount -= 1;
    if (this.#head === this.#records.length) this.#reset();
    else if (this.#head >= 4096 && this.#head * 2 >= this.#records.length) this.#cut();
    return record;
  }

  catchUp(): void {
    if (!this.isLive) this.#floorMs = this.lastKeyMs;
    this.isLive = true;
  }

  end(): void {
    this.catchUp();
    this.#isEnded = true;
  }

  isOver(): boolean {
    return this.#isEnded && this.length === 0;
  }

  waitForRoom(): Promise<void> {
    if (this.#waiting === undefined) {
      let resolve = () => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#waiting = { promise, resolve };
    }
    return this.#waiting.promise;
  }

  /** Lets who waits go on once half of it is free. */
  relieve(): void {
    if (this.#waiting === undefined) return;
    if (this.length > limits.records / 2 || this.#sizeBytes > limits.bytes / 2) return;
    this.#waiting.resolve();
    this.#waiting = undefined;
  }

  clear(): void {
    this.#reset();
    this.pastCount = 0;
    this.#sizeBytes = 0;
    this.relieve();
  }

  #insert(record: StreamRecord, { keyMs, nowMs }: { keyMs: number; nowMs: number }): void {
    let low = this.#head;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] as number) <= keyMs) low = middle + 1;
      else high = middle;
    }
    this.#keys.splice(low, 0, keyMs);
    this.#arrivals.splice(low, 0, nowMs);
    this.#records.splice(low, 0, record);
  }

  #reset(): void {
    this.#records = [];
    this.#keys = [];
    this.#arrivals = [];
    this.#head = 0;
  }

  #cut(): void {
    this.#records = this.#records.slice(this.#head);
    this.#keys = this.#keys.slice(this.#head);
    this.#arrivals = this.#arrivals.slice(this.#head);
    this.#head = 0;
  }
}

function sizeOf(record: StreamRecord): number {
  return record.sizeBytes ?? record.bytes?.length ?? 0;
}
