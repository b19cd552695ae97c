import type { AppendFile } from "../../storage/append-file.js";
import { DataDamagedError } from "./data-damaged.js";
import { type RecordBatch, readBatchHeader } from "./record-batch.js";
import { findHeaderProblem, findProblem } from "./scan-batches.js";

/** A part of a segment in memory, read in as few calls as possible, which moves on from batch to batch. */
export class BatchWindow {
  readonly #file: AppendFile;
  readonly #endPosition: number;
  #bytes: Buffer = Buffer.alloc(0);
  /** In the file. */
  position = 0;

  /** @param endPosition what lies behind is not visible yet */
  constructor(file: AppendFile, endPosition: number) {
    this.#file = file;
    this.#endPosition = endPosition;
  }

  /** Moves forward, and reads unless so many bytes from there, or all that there are, have been read already. */
  async moveTo(position: number, wantedBytes: number): Promise<void> {
    this.#bytes = this.#bytes.subarray(position - this.position);
    this.position = position;
    const bytes = Math.max(0, Math.min(wantedBytes, this.#endPosition - position));
    if (this.#bytes.length < bytes) this.#bytes = await this.#file.read(position, bytes);
  }

  readHeader(baseOffset: number): RecordBatch {
    const batch = readBatchHeader(this.#bytes, 0);
    const problem = findHeaderProblem(batch, baseOffset);
    if (!batch || problem) throw new DataDamagedError(this.#file.path, this.position, problem ?? "");
    return batch;
  }

  /**
   * As many whole batches as the limit allows.
   * @param uncheckedBytes up to this position of the file checksums are verified
   */
  takeBatches(first: RecordBatch, limitBytes: number, uncheckedBytes: number): Buffer {
    const bytes = this.#bytes.subarray(0, limitBytes);
    let end = 0;
    let batch: RecordBatch | undefined = first;
    for (let offset = first.baseOffset; batch; batch = readBatchHeader(bytes, end)) {
      const problem: string | undefined =
        this.position + end < uncheckedBytes && end + batch.sizeBytes <= bytes.length
          ? findProblem(batch, bytes.subarray(end), offset)
          : findHeaderProblem(batch, offset);
      if (problem) throw new DataDamagedError(this.#file.path, this.position + end, problem);
      if (end + batch.sizeBytes > bytes.length) break;
      end += batch.sizeBytes;
      offset = batch.lastOffset + 1;
    }
    if (end === 0) throw new DataDamagedError(this.#file.path, this.position, "a record batch is cut short");
    return bytes.subarray(0, end);
  }
}
