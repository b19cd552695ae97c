import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { readCheckedJson } from "./checked-json.js";
import { DataDamagedError } from "./data-damaged.js";
import type { OpenPartitionLogOptions } from "./partition-log.js";
import { type ProducerSnapshot, ProducerStates } from "./producer-states.js";
import { isFollowedByBatch, scanBatches } from "./scan-batches.js";
import { Segment, type SegmentSummary } from "./segment.js";

/** What is known to be on the disk: a start need not look at it again. */
export interface Checkpoint {
  readonly startOffset: number;
  /** The segment that was written to, up to the recovery point. */
  readonly active: SegmentSummary;
  readonly producers: ProducerSnapshot;
}

export interface RecoveredLog {
  readonly startOffset: number;
  /** Oldest first, at least one; the last is the one to write to. */
  readonly segments: Segment[];
  readonly producers: ProducerStates;
}

export function checkpointPath(folder: string): string {
  return join(folder, "checkpoint");
}

/**
 * Reads what a partition's folder holds; the torn tail of a kill is cut off.
 * @throws DataDamagedError
 */
export async function recoverLog(options: OpenPartitionLogOptions): Promise<RecoveredLog> {
  const { folder } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const checkpoint = await readCheckedJson<Checkpoint>(checkpointPath(folder));
  const baseOffsets = (await readdir(folder))
    .filter((name) => /^\d{20}\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
  const recoveryOffset = checkpoint?.active.baseOffset ?? 0;
  // All behind it is what retention leaves when the disk was too full for a new checkpoint.
  if (checkpoint && !baseOffsets.some((baseOffset) => baseOffset >= recoveryOffset)) {
    throw new DataDamagedError(
      checkpointPath(folder),
      0,
      `the segment of offset ${recoveryOffset} is missing`,
    );
  }
  const recovery = new Recovery(options, checkpoint);
  try {
    for (const [index, baseOffset] of baseOffsets.entries()) {
      await recovery.recover(await recovery.open(baseOffset), index === baseOffsets.length - 1);
    }
    if (baseOffsets.length === 0) await recovery.open(0);
    return await recovery.finish();
  } catch (error) {
    await recovery.closeAll();
    throw error;
  }
}

class Recovery {
  readonly #options: OpenPartitionLogOptions;
  readonly #checkpoint: Checkpoint | undefined;
  readonly #producers: ProducerStates;
  readonly #segments: Segment[] = [];

  constructor(options: OpenPartitionLogOptions, checkpoint: Checkpoint | undefined) {
    this.#options = options;
    this.#checkpoint = checkpoint;
    this.#producers = new ProducerStates(checkpoint?.producers);
  }

  async open(baseOffset: number): Promise<Segment> {
    const segment = await Segment.open(this.#options.folder, baseOffset);
    const expected = this.#segments.at(-1)?.nextOffset ?? baseOffset;
    this.#segments.push(segment);
    if (expected !== baseOffset) {
      throw new DataDamagedError(segment.file.path, 0, `the segment before it ends at offset ${expected}`);
    }
    return segment;
  }

  async recover(segment: Segment, isLast: boolean): Promise<void> {
    const active = this.#checkpoint?.active;
    if (active && segment.baseOffset < active.baseOffset && (await segment.loadIndex())) return;
    if (active?.baseOffset === segment.baseOffset) {
      if (segment.file.sizeBytes < active.sizeBytes) {
        throw new DataDamagedError(
          segment.file.path,
          segment.file.sizeBytes,
          `it had ${active.sizeBytes} bytes`,
        );
      }
      segment.restore(active);
    }
    await this.#scan(segment, isLast);
    if (!isLast) await segment.saveIndex();
  }

  async finish(): Promise<RecoveredLog> {
    const startOffset = Math.max(this.#checkpoint?.startOffset ?? 0, this.#segments[0]?.baseOffset ?? 0);
    // A kill may have come between the note that they are gone and their removal.
    while ((this.#segments[1]?.baseOffset ?? Number.POSITIVE_INFINITY) <= startOffset) {
      await this.#segments.shift()?.delete();
    }
    return { startOffset, segments: this.#segments, producers: this.#producers };
  }

  async closeAll(): Promise<void> {
    for (const { file } of this.#segments) await file.close().catch(() => {});
  }

  /** Takes in what stands behind the recovery point. */
  async #scan(segment: Segment, isLast: boolean): Promise<void> {
    const { file } = segment;
    const nowMs = (this.#options.now ?? Date.now)();
    const range = { from: segment.sizeBytes, to: file.sizeBytes, baseOffset: segment.nextOffset };
    try {
      for await (const { batch } of scanBatches(file, range)) {
        segment.add(batch);
        this.#producers.record(batch, batch.baseOffset, nowMs);
      }
    } catch (error) {
      if (!(error instanceof DataDamagedError) || !isLast) throw error;
      const tail = { from: error.position, to: file.sizeBytes, baseOffset: segment.nextOffset };
      if (await isFollowedByBatch(file, tail)) throw error;
      this.#options.log("warn", `${file.path}: cut off ${tail.to - tail.from} bytes of an unfinished write`);
      await file.truncate(error.position);
    }
  }
}
