import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type AppendFile, openAppendFile } from "../../storage/append-file.js";
import { BatchWindow } from "./batch-window.js";
import { readCheckedJson, writeCheckedJson } from "./checked-json.js";
import { DataDamagedError } from "./data-damaged.js";
import { batchHeaderBytes, type RecordBatch } from "./record-batch.js";
import { type ScannedBatch, scanBatches } from "./scan-batches.js";
import { type IndexEntry, indexGapBytes, SparseIndex } from "./sparse-index.js";

/** All about a segment that a look into the file would tell, as it is saved beside it. */
export interface SegmentSummary {
  readonly baseOffset: number;
  readonly sizeBytes: number;
  readonly nextOffset: number;
  /** -1 while there is no batch with one. */
  readonly firstTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly index: readonly IndexEntry[];
}

/** No answer to one read is larger, whatever a client allows. */
const readLimitBytes = 64 * 1024 * 1024;

/** One file of a partition: a row of batches, with what is known about it in memory. */
export class Segment {
  readonly baseOffset: number;
  readonly file: AppendFile;
  /** Bytes and offsets that are visible to readers. */
  sizeBytes = 0;
  nextOffset: number;
  firstTimestampMs = -1;
  maxTimestampMs = -1;
  #index = new SparseIndex();
  /** Up to here the file was trusted at start: those batches are checked when they are read. */
  #uncheckedBytes = 0;
  readonly #indexPath: string;

  static async open(folder: string, baseOffset: number): Promise<Segment> {
    const name = String(baseOffset).padStart(20, "0");
    return new Segment(
      baseOffset,
      await openAppendFile(join(folder, `${name}.log`)),
      join(folder, `${name}.index`),
    );
  }

  private constructor(baseOffset: number, file: AppendFile, indexPath: string) {
    this.baseOffset = baseOffset;
    this.nextOffset = baseOffset;
    this.file = file;
    this.#indexPath = indexPath;
  }

  summarize(): SegmentSummary {
    const { baseOffset, sizeBytes, nextOffset, firstTimestampMs, maxTimestampMs } = this;
    return {
      baseOffset,
      sizeBytes,
      nextOffset,
      firstTimestampMs,
      maxTimestampMs,
      index: this.#index.entries,
    };
  }

  restore(summary: SegmentSummary): void {
    this.sizeBytes = summary.sizeBytes;
    this.nextOffset = summary.nextOffset;
    this.firstTimestampMs = summary.firstTimestampMs;
    this.maxTimestampMs = summary.maxTimestampMs;
    this.#index = new SparseIndex(summary.index);
    this.#uncheckedBytes = summary.sizeBytes;
  }

  saveIndex(): Promise<void> {
    return writeCheckedJson(this.#indexPath, this.summarize());
  }

  /** @returns whether there was one that fits the file */
  async loadIndex(): Promise<boolean> {
    const summary = await readCheckedJson<SegmentSummary>(this.#indexPath).catch((error: unknown) => {
      if (error instanceof DataDamagedError) return undefined;
      throw error;
    });
    if (summary?.baseOffset !== this.baseOffset || summary.sizeBytes !== this.file.sizeBytes) return false;
    this.restore(summary);
    return true;
  }

  /** Makes a batch visible that stands in the file behind the others. */
  add(batch: RecordBatch): void {
    this.#index.add(batch, this.sizeBytes, this.maxTimestampMs);
    if (this.sizeBytes === 0) this.firstTimestampMs = batch.maxTimestampMs;
    this.sizeBytes += batch.sizeBytes;
    this.nextOffset = batch.lastOffset + 1;
    this.maxTimestampMs = Math.max(this.maxTimestampMs, batch.maxTimestampMs);
  }

  /** Whole batches from the one that holds the offset on, at least one; the offset must be visible. */
  async read(offset: number, maxBytes: number): Promise<Buffer> {
    const limitBytes = Math.min(Math.max(maxBytes, 0), readLimitBytes);
    const window = new BatchWindow(this.file, this.sizeBytes);
    const [baseOffset, position] = this.#index.findOffset(offset) ?? [this.baseOffset, 0];
    await window.moveTo(position, limitBytes + indexGapBytes);
    let batch = window.readHeader(baseOffset);
    while (batch.lastOffset < offset) {
      await window.moveTo(window.position + batch.sizeBytes, batchHeaderBytes);
      batch = window.readHeader(batch.lastOffset + 1);
    }
    const wantedBytes = Math.max(batch.sizeBytes, limitBytes);
    await window.moveTo(window.position, wantedBytes);
    return window.takeBatches(batch, wantedBytes, this.#uncheckedBytes);
  }

  /** From a batch on before which none has a timestamp so late. */
  scanFromTime(timestampMs: number): AsyncGenerator<ScannedBatch> {
    return this.scan(this.#index.findTime(timestampMs));
  }

  scanFromOffset(offset: number): AsyncGenerator<ScannedBatch> {
    return this.scan(this.#index.findOffset(offset));
  }

  /** Removes the files; whoever is reading finishes first. */
  async delete(): Promise<void> {
    await this.file.close();
    await rm(this.file.path, { force: true });
    await rm(this.#indexPath, { force: true });
  }

  scan([baseOffset, from]: readonly [number, number, ...unknown[]] = [this.baseOffset, 0]) {
    return scanBatches(this.file, { from, to: this.sizeBytes, baseOffset });
  }
}
