import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { DataDamagedError } from "../../storage/data-damaged.js";
import { readCheckedJson } from "../../storage/json-file.js";
import type { LogOptions } from "./log-options.js";
import { type ProducerSnapshot, ProducerStates } from "./producer-states.js";
import { isFollowedByBatch, scanBatches } from "./scan-batches.js";
import { removeSegment, Segment, type SegmentFacts } from "./segment.js";

/** What is known to be on the disk: a start need not look at it again. */
export interface Checkpoint {
  readonly startOffset: number;
  /** The segment that was written to, up to the recovery point. */
  readonly active: SegmentFacts;
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
export async function recoverLog(options: LogOptions): Promise<RecoveredLog> {
  const { folder } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const checkpoint = await readCheckedJson<Checkpoint>(checkpointPath(folder));
  const baseOffsets = await listSegments(folder, checkpoint);
  const producers = new ProducerStates(checkpoint?.producers);
  const segments: Segment[] = [];
  try {
    for (const [index, baseOffset] of baseOffsets.entries()) {
      const due = segments.at(-1)?.facts.nextOffset ?? baseOffset;
      const segment = await Segment.open(folder, baseOffset);
      segments.push(segment);
      if (due !== baseOffset) {
        throw new DataDamagedError(segment.file.path, 0, `the segment before it ends at offset ${due}`);
      }
      const isLast = index === baseOffsets.length - 1;
      await recoverSegment(segment, { options, checkpoint, producers, isLast });
    }
  } catch (error) {
    for (const segment of segments) await segment.close().catch(() => {});
    throw error;
  }
  return { startOffset: Math.max(checkpoint?.startOffset ?? 0, baseOffsets[0] ?? 0), segments, producers };
}

/** The segments' offsets in order. What is before the start of the log, which was not removed in time, is now. */
async function listSegments(folder: string, checkpoint: Checkpoint | undefined): Promise<number[]> {
  const found = (await readdir(folder)).filter((name) => /^\d{20}\.log$/.test(name));
  const baseOffsets = found.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
  if (!checkpoint) return baseOffsets.length === 0 ? [0] : baseOffsets;
  const { startOffset, active } = checkpoint;
  while ((baseOffsets[1] ?? Number.POSITIVE_INFINITY) <= startOffset) {
    await removeSegment(folder, baseOffsets.shift() as number);
  }
  // All behind it is what retention leaves when the disk was too full for a new checkpoint.
  if (baseOffsets.some((baseOffset) => baseOffset >= active.baseOffset)) return baseOffsets;
  const problem = `the segment of offset ${active.baseOffset} is missing`;
  throw new DataDamagedError(checkpointPath(folder), 0, problem);
}

interface Recovery {
  readonly options: LogOptions;
  readonly checkpoint: Checkpoint | undefined;
  readonly producers: ProducerStates;
  readonly isLast: boolean;
}

async function recoverSegment(segment: Segment, recovery: Recovery): Promise<void> {
  const active = recovery.checkpoint?.active;
  const { baseOffset } = segment.facts;
  if (active && baseOffset < active.baseOffset && (await segment.loadIndex())) return;
  if (active?.baseOffset === baseOffset) {
    const { sizeBytes, path } = segment.file;
    if (sizeBytes < active.sizeBytes) {
      throw new DataDamagedError(path, sizeBytes, `it had ${active.sizeBytes} bytes`);
    }
    segment.restore(active);
  }
  await takeIn(segment, recovery);
  if (!recovery.isLast) await segment.saveIndex();
}

/** What stands in the file behind what is known of it. */
async function takeIn(segment: Segment, { options, checkpoint, producers, isLast }: Recovery): Promise<void> {
  const { file, facts } = segment;
  const nowMs = (options.now ?? Date.now)();
  // What producers did before it is in the checkpoint.
  const newFrom = checkpoint?.active.nextOffset ?? 0;
  const range = { from: facts.sizeBytes, to: file.sizeBytes, baseOffset: facts.nextOffset };
  try {
    for await (const { batch } of scanBatches(file, range)) {
      segment.add(batch);
      if (batch.baseOffset >= newFrom) producers.record(batch, batch.baseOffset, nowMs);
    }
  } catch (error) {
    if (!(error instanceof DataDamagedError) || !isLast) throw error;
    const tail = { from: error.position, to: file.sizeBytes, baseOffset: facts.nextOffset };
    if (await isFollowedByBatch(file, tail)) throw error;
    options.log("warn", `${file.path}: cut off ${tail.to - tail.from} bytes of an unfinished write`);
    await file.truncate(error.position);
  }
}
