import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type AppendFile, openAppendFile } from "../../storage/append-file.js";
import { DataDamagedError } from "../../storage/data-damaged.js";
import { readCheckedJson, writeCheckedJson } from "../../storage/json-file.js";
import type { RecordBatch } from "./record-batch.js";
import { BatchCursor, type ScannedBatch, scanBatches } from "./scan-batches.js";

/** Of a batch: [offset, position, largest timestamp before it]. */
type IndexEntry = readonly [offset: number, position: number, maxTimestampBeforeMs: number];

/** All about a segment that a look into the file would tell, as it is saved beside it. */
export interface SegmentFacts {
  readonly baseOffset: number;
  /** Bytes and offsets that are visible to readers. */
  sizeBytes: number;
  nextOffset: number;
  /** -1 while there is no batch with one. */
  firstTimestampMs: number;
  maxTimestampMs: number;
  /** Of about every 16th KiB. */
  readonly index: IndexEntry[];
}

/** Bytes from one entry of the index to the next: what a read may have to skip. */
const indexGapBytes = 16 * 1024;

/** Its files' paths without their endings. */
function pathOf(folder: string, baseOffset: number): string {
  return join(folder, String(baseOffset).padStart(20, "0"));
}

/** Removes the files of a segment, open or not. */
export async function removeSegment(folder: string, baseOffset: number): Promise<void> {
  for (const ending of [".log", ".index"]) await rm(pathOf(folder, baseOffset) + ending, { force: true });
}

/** One file of a partition: a row of batches, with what is known about it in memory. */
export class Segment {
  readonly file: AppendFile;
  readonly #indexPath: string;
  facts: SegmentFacts;
  /** Up to here the file was trusted at start: those batches are checked when they are read. */
  #uncheckedBytes = 0;

  static async open(folder: string, baseOffset: number): Promise<Segment> {
    const path = pathOf(folder, baseOffset);
    return new Segment(baseOffset, await openAppendFile(`${path}.log`), `${path}.index`);
  }

  private constructor(baseOffset: number, file: AppendFile, indexPath: string) {
    this.file = file;
    this.#indexPath = indexPath;
    const times = { firstTimestampMs: -1, maxTimestampMs: -1 };
    this.facts = { baseOffset, sizeBytes: 0, nextOffset: baseOffset, ...times, index: [] };
  }

  /** Believes what was saved. */
  restore(facts: SegmentFacts): void {
    this.facts = facts;
    this.#uncheckedBytes = facts.sizeBytes;
  }

  saveIndex(): Promise<void> {
    return writeCheckedJson(this.#indexPath, this.facts);
  }

  /** @returns whether there was one that fits the file */
  async loadIndex(): Promise<boolean> {
    const facts = await readCheckedJson<SegmentFacts>(this.#indexPath).catch((error: unknown) => {
      if (error instanceof DataDamagedError) return undefined;
      throw error;
    });
    if (facts?.baseOffset !== this.facts.baseOffset || facts.sizeBytes !== this.file.sizeBytes) return false;
    this.restore(facts);
    return true;
  }

  /** Makes a batch visible that stands in the file behind the others. */
  add({ baseOffset, lastOffset, sizeBytes, maxTimestampMs }: RecordBatch): void {
    const { facts } = this;
    const position = facts.sizeBytes;
    const indexedTo = facts.index.at(-1)?.[1] ?? Number.NEGATIVE_INFINITY;
    if (position - indexedTo >= indexGapBytes) facts.index.push([baseOffset, position, facts.maxTimestampMs]);
    if (position === 0) facts.firstTimestampMs = maxTimestampMs;
    facts.sizeBytes += sizeBytes;
    facts.nextOffset = lastOffset + 1;
    facts.maxTimestampMs = Math.max(facts.maxTimestampMs, maxTimestampMs);
  }

  /** Whole batches from the one that holds the offset on, at least one; the offset must be visible. */
  async read(offset: number, limitBytes: number): Promise<Buffer> {
    const range = this.#rangeFrom(([baseOffset]) => baseOffset <= offset);
    const cursor = new BatchCursor(this.file, range, limitBytes + indexGapBytes);
    let batch = await cursor.next();
    while (batch && batch.lastOffset < offset) {
      cursor.skip(batch);
      batch = await cursor.next();
    }
    const wantedBytes = Math.max(batch?.sizeBytes ?? 0, limitBytes);
    await cursor.fill(wantedBytes);
    const bytes = cursor.bytes.subarray(0, wantedBytes);
    let end = 0;
    while (batch && (end === 0 || end + batch.sizeBytes <= bytes.length)) {
      if (cursor.position < this.#uncheckedBytes) cursor.check(batch);
      end += batch.sizeBytes;
      cursor.skip(batch);
      batch = cursor.peek();
    }
    return bytes.subarray(0, end);
  }

  /** From a batch on before which none has a timestamp so late. */
  scanFromTime(timestampMs: number): AsyncGenerator<ScannedBatch> {
    return scanBatches(
      this.file,
      this.#rangeFrom((entry) => entry[2] < timestampMs),
    );
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  /** From the last entry for which it holds; it must hold for all before that one, and for the first one. */
  #rangeFrom(holds: (entry: IndexEntry) => boolean) {
    const { index, baseOffset, sizeBytes } = this.facts;
    let low = 1;
    let high = index.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(index[middle] as IndexEntry)) low = middle + 1;
      else high = middle;
    }
    const [firstOffset, from] = index[low - 1] ?? [baseOffset, 0];
    return { from, to: sizeBytes, baseOffset: firstOffset };
  }
}
