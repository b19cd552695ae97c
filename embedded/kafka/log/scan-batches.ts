import type { AppendFile } from "../../storage/append-file.js";
import { DataDamagedError } from "../../storage/data-damaged.js";
import { batchHeaderBytes, hasValidChecksum, type RecordBatch, readBatchHeader } from "./record-batch.js";

export interface ScannedBatch {
  readonly batch: RecordBatch;
  /** Valid until the next one is asked for. */
  readonly bytes: Buffer;
}

export interface ScanRange {
  readonly from: number;
  /** What lies behind is not visible yet. */
  readonly to: number;
  /** Of the first batch; the others follow without a gap. */
  readonly baseOffset: number;
}

/**
 * Goes from batch to batch in a part of a segment, and reads the file in few calls. Its methods throw
 * DataDamagedError where what is due does not stand.
 */
export class BatchCursor {
  readonly #file: AppendFile;
  readonly #endPosition: number;
  readonly #readAheadBytes: number;
  /** Of the batch that is due. */
  #offset: number;
  /** In the file. */
  position: number;
  /** What has been read from the position on. */
  bytes: Buffer = Buffer.alloc(0);

  constructor(file: AppendFile, { from, to, baseOffset }: ScanRange, readAheadBytes = 256 * 1024) {
    this.#file = file;
    this.#endPosition = to;
    this.#readAheadBytes = readAheadBytes;
    this.#offset = baseOffset;
    this.position = from;
  }

  /** Reads until so many bytes are there, or all that there are. */
  async fill(wantedBytes: number, readAheadBytes = 0): Promise<void> {
    const left = this.#endPosition - this.position;
    if (this.bytes.length >= Math.min(wantedBytes, left)) return;
    this.bytes = await this.#file.read(this.position, Math.min(Math.max(wantedBytes, readAheadBytes), left));
  }

  /** The batch at the position, undefined at the end. */
  async next(): Promise<RecordBatch | undefined> {
    if (this.position >= this.#endPosition) return undefined;
    await this.fill(batchHeaderBytes, this.#readAheadBytes);
    return this.peek() ?? this.#refuse("a record batch's header is cut short");
  }

  /** The batch at the position if its header has been read. */
  peek(): RecordBatch | undefined {
    const batch = readBatchHeader(this.bytes, 0);
    const problem = batch && findHeaderProblem(batch, this.#offset);
    return problem ? this.#refuse(problem) : batch;
  }

  /** The whole of the batch at the position, which {@link next} or {@link peek} returned. */
  async take(batch: RecordBatch): Promise<Buffer> {
    await this.fill(batch.sizeBytes, this.#readAheadBytes);
    this.check(batch);
    return this.bytes.subarray(0, batch.sizeBytes);
  }

  check(batch: RecordBatch): void {
    if (batch.sizeBytes > this.bytes.length) this.#refuse("a record batch is cut short");
    if (!hasValidChecksum(this.bytes, 0, batch.sizeBytes)) this.#refuse("a record batch's checksum is wrong");
  }

  skip(batch: RecordBatch): void {
    if (batch.sizeBytes > this.#endPosition - this.position) this.#refuse("a record batch is cut short");
    this.position += batch.sizeBytes;
    this.#offset = batch.lastOffset + 1;
    this.bytes = this.bytes.subarray(batch.sizeBytes);
  }

  #refuse(problem: string): never {
    throw new DataDamagedError(this.#file.path, this.position, problem);
  }
}

/**
 * Reads the batches of a part of a file, one after the other, and checks them.
 * @throws DataDamagedError at the first that is not whole
 */
export async function* scanBatches(file: AppendFile, range: ScanRange): AsyncGenerator<ScannedBatch> {
  const cursor = new BatchCursor(file, range);
  for (let batch = await cursor.next(); batch; batch = await cursor.next()) {
    yield { batch, bytes: await cursor.take(batch) };
    cursor.skip(batch);
  }
}

function findHeaderProblem(batch: RecordBatch, offset: number): string | undefined {
  if (batch.magic !== 2 || batch.sizeBytes < batchHeaderBytes || batch.lastOffset < batch.baseOffset) {
    return "no record batch begins there";
  }
  return batch.baseOffset === offset ? undefined : `offset ${batch.baseOffset} stands where ${offset} is due`;
}

/** Whether a whole batch follows somewhere behind a bad one: then that is no torn tail. */
export async function isFollowedByBatch(file: AppendFile, range: ScanRange): Promise<boolean> {
  const bytes = await file.read(range.from, range.to - range.from);
  for (let position = 1; position + batchHeaderBytes <= bytes.length; position += 1) {
    if (bytes[position + 16] !== 2 || bytes[position] !== 0) continue;
    const batch = readBatchHeader(bytes, position);
    if (!batch || batch.baseOffset < range.baseOffset || findHeaderProblem(batch, batch.baseOffset)) continue;
    const isWhole = position + batch.sizeBytes <= bytes.length;
    if (isWhole && hasValidChecksum(bytes, position, batch.sizeBytes)) return true;
  }
  return false;
}
