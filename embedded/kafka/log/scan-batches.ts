import type { AppendFile } from "../../storage/append-file.js";
import { DataDamagedError } from "./data-damaged.js";
import { batchHeaderBytes, hasValidChecksum, type RecordBatch, readBatchHeader } from "./record-batch.js";

export interface ScannedBatch {
  readonly batch: RecordBatch;
  /** In the file. */
  readonly position: number;
  /** Valid until the next one is asked for. */
  readonly bytes: Buffer;
}

interface ScanRange {
  readonly from: number;
  readonly to: number;
  /** Of the first batch; the others follow without a gap. */
  readonly baseOffset: number;
}

const chunkBytes = 256 * 1024;

/**
 * Reads the batches of a part of a file, one after the other, and checks them.
 * @throws DataDamagedError at the first that is not whole
 */
export async function* scanBatches(file: AppendFile, range: ScanRange): AsyncGenerator<ScannedBatch> {
  let { from: position, baseOffset } = range;
  let chunk: Buffer = Buffer.alloc(0);
  let chunkStart = position;
  while (position < range.to) {
    const left = range.to - position;
    let bytes = chunk.subarray(position - chunkStart);
    let batch = readBatchHeader(bytes, 0);
    // A second time for a batch that is larger than a chunk: its size is known only then.
    for (
      let attempt = 0;
      attempt < 2 && bytes.length < (batch?.sizeBytes ?? batchHeaderBytes);
      attempt += 1
    ) {
      if (batch && batch.sizeBytes > left) break;
      chunk = await file.read(position, Math.min(Math.max(batch?.sizeBytes ?? 0, chunkBytes), left));
      chunkStart = position;
      bytes = chunk;
      batch = readBatchHeader(bytes, 0);
    }
    const problem = findProblem(batch, bytes, baseOffset);
    if (!batch || problem) throw new DataDamagedError(file.path, position, problem ?? "");
    yield { batch, position, bytes: bytes.subarray(0, batch.sizeBytes) };
    position += batch.sizeBytes;
    baseOffset = batch.lastOffset + 1;
  }
}

/** Why the bytes do not begin with the whole batch that is due; undefined if they do. */
export function findProblem(
  batch: RecordBatch | undefined,
  bytes: Buffer,
  baseOffset: number,
): string | undefined {
  const problem = findHeaderProblem(batch, baseOffset);
  if (problem || !batch) return problem;
  if (batch.sizeBytes > bytes.length) return "a record batch is cut short";
  if (!hasValidChecksum(bytes, 0, batch.sizeBytes)) return "a record batch's checksum is wrong";
  return undefined;
}

export function findHeaderProblem(batch: RecordBatch | undefined, baseOffset: number): string | undefined {
  if (!batch) return "a record batch's header is cut short";
  if (batch.magic !== 2 || batch.sizeBytes < batchHeaderBytes || batch.lastOffset < batch.baseOffset) {
    return "no record batch begins there";
  }
  return batch.baseOffset === baseOffset
    ? undefined
    : `offset ${batch.baseOffset} stands where ${baseOffset} is due`;
}

/** Whether a whole batch follows somewhere behind a bad one: then that is no torn tail. */
export async function isFollowedByBatch(file: AppendFile, range: ScanRange): Promise<boolean> {
  const bytes = await file.read(range.from, range.to - range.from);
  for (let position = 1; position + batchHeaderBytes <= bytes.length; position += 1) {
    if (bytes[position + 16] !== 2 || bytes[position] !== 0) continue;
    const batch = readBatchHeader(bytes, position);
    if (!batch || batch.baseOffset < range.baseOffset) continue;
    if (findProblem(batch, bytes.subarray(position), batch.baseOffset) === undefined) return true;
  }
  return false;
}
