import { placeBatch, type RecordBatch } from "./record-batch.js";

/** What a Produce response says about a partition. */
export interface Appended {
  readonly baseOffset: number;
  readonly logStartOffset: number;
}

export interface PendingAppend {
  readonly records: Buffer;
  batch: RecordBatch;
  /** Where it stands, or already stood when it is a repetition. */
  baseOffset: number;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

const groupLimitBytes = 4 * 1024 * 1024;

/** Takes what may share one write off the front. */
export function takeGroup(pending: PendingAppend[], roomBytes: number): PendingAppend[] {
  let bytes = 0;
  const end = pending.findIndex(({ records }, index) => {
    bytes += records.length;
    return index > 0 && bytes > Math.min(groupLimitBytes, roomBytes);
  });
  return pending.splice(0, end < 0 ? pending.length : end);
}

interface Placing {
  /** Of the first that is written. */
  readonly offset: number;
  /** Notes the batch; returns where it already stands when it is a repetition, throws when it must not follow. */
  readonly claim: (batch: RecordBatch, offset: number) => number | undefined;
}

/**
 * Gives each append its offsets, or its refusal: not when it is called, as only now is known what came before.
 * @returns those that are to be written
 */
export function placeAppends(appends: readonly PendingAppend[], { offset, claim }: Placing): PendingAppend[] {
  let next = offset;
  return appends.filter((append) => {
    const { batch } = append;
    try {
      const duplicateOf = claim(batch, next);
      append.baseOffset = duplicateOf ?? next;
      if (duplicateOf !== undefined) return false;
    } catch (error) {
      append.reject(error);
      return false;
    }
    placeBatch(append.records, next);
    append.batch = { ...batch, baseOffset: next, lastOffset: next + batch.recordCount - 1 };
    next += batch.recordCount;
    return true;
  });
}
