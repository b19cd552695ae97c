import { rm } from "node:fs/promises";
import { KafkaError, kafkaErrors } from "../errors.js";
import { writeCheckedJson } from "./checked-json.js";
import { findTimestamp } from "./find-timestamp.js";
import type {
  Appended,
  LogConfig,
  OffsetAtTime,
  OpenPartitionLogOptions,
  PartitionLog,
} from "./partition-log.js";
import type { ProducerStates } from "./producer-states.js";
import { placeBatch, type RecordBatch, validateRecords } from "./record-batch.js";
import { type Checkpoint, checkpointPath, type RecoveredLog } from "./recover-log.js";
import { Segment } from "./segment.js";
import { createSerial } from "./serial.js";

interface PendingAppend {
  readonly records: Buffer;
  readonly batch: RecordBatch;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

/** One write: what share it succeed or fail together. */
interface WriteGroup {
  readonly placed: { readonly append: PendingAppend; readonly baseOffset: number }[];
  readonly chunks: Buffer[];
  readonly batches: RecordBatch[];
  readonly undo: (() => void)[];
}

const groupLimitBytes = 4 * 1024 * 1024;
/** So much is scanned at most after a kill. */
const checkpointEveryBytes = 4 * 1024 * 1024;

export class SegmentedLog implements PartitionLog {
  readonly #folder: string;
  readonly #now: () => number;
  readonly #segments: Segment[];
  readonly #producers: ProducerStates;
  readonly #listeners = new Set<() => void>();
  /** Whatever changes files runs in it; reads do not. */
  readonly #serial = createSerial();
  #config: LogConfig;
  #startOffset: number;
  #endOffset: number;
  #pending: PendingAppend[] = [];
  #writing = false;
  #bytesSinceCheckpoint = 0;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: OpenPartitionLogOptions, recovered: RecoveredLog) {
    this.#folder = options.folder;
    this.#config = options.config;
    this.#now = options.now ?? Date.now;
    this.#segments = recovered.segments;
    this.#producers = recovered.producers;
    this.#endOffset = this.#active.nextOffset;
    this.#startOffset = recovered.startOffset;
  }

  get startOffset(): number {
    return this.#startOffset;
  }

  get endOffset(): number {
    return this.#endOffset;
  }

  get sizeBytes(): number {
    return this.#segments.reduce((total, segment) => total + segment.sizeBytes, 0);
  }

  get #active(): Segment {
    return this.#segments.at(-1) as Segment;
  }

  async append(records: Buffer): Promise<Appended> {
    this.#refuseClosed();
    const batch = validateRecords(records, this.#config.maxMessageBytes, this.#now());
    return new Promise((resolve, reject) => {
      this.#pending.push({ records, batch, resolve, reject });
      if (!this.#writing) this.#scheduleWrite();
    });
  }

  async read(offset: number, maxBytes: number): Promise<Buffer> {
    this.#refuseClosed();
    if (offset < this.#startOffset || offset > this.#endOffset) throw this.#outOfRange(offset);
    if (offset === this.#endOffset) return Buffer.alloc(0);
    const segment = this.#segments.findLast(({ baseOffset }) => baseOffset <= offset) ?? this.#active;
    try {
      return await segment.read(offset, maxBytes);
    } catch (error) {
      this.#refuseClosed();
      // Retention may have removed it meanwhile.
      throw this.#segments.includes(segment) ? error : this.#outOfRange(offset);
    }
  }

  async offsetAtTime(timestampMs: number): Promise<OffsetAtTime | null> {
    this.#refuseClosed();
    for (const segment of [...this.#segments]) {
      if (segment.maxTimestampMs < timestampMs || segment.nextOffset <= this.#startOffset) continue;
      for await (const scanned of segment.scanFromTime(timestampMs)) {
        const found = findTimestamp(scanned, timestampMs, this.#startOffset);
        if (found) return found;
      }
    }
    return null;
  }

  async offsetOfMaxTimestamp(): Promise<OffsetAtTime | null> {
    this.#refuseClosed();
    let largest = -1;
    for (const segment of [...this.#segments]) {
      if (segment.baseOffset >= this.#startOffset) largest = Math.max(largest, segment.maxTimestampMs);
      else {
        for await (const { batch } of segment.scanFromOffset(this.#startOffset)) {
          if (batch.lastOffset >= this.#startOffset) largest = Math.max(largest, batch.maxTimestampMs);
        }
      }
    }
    return largest < 0 ? null : this.offsetAtTime(largest);
  }

  deleteRecordsBefore(offset: number): Promise<number> {
    return this.#serial(async () => {
      this.#refuseClosed();
      const wanted = offset === -1 ? this.#endOffset : offset;
      if (wanted < 0 || wanted > this.#endOffset) throw this.#outOfRange(wanted);
      await this.#moveStart(wanted);
      return this.#startOffset;
    });
  }

  configure(config: LogConfig): void {
    this.#config = config;
  }

  applyRetention(): Promise<void> {
    return this.#serial(async () => {
      if (this.#closed) return;
      const { retentionMs, retentionBytes } = this.#config;
      const isTooOld = (segment: Segment) =>
        retentionMs >= 0 && segment.maxTimestampMs >= 0 && this.#now() - segment.maxTimestampMs > retentionMs;
      // Kafka does not spare the segment that is being written to either, once all in it is too old.
      // On a full disk that may fail, and works once the others are gone.
      if (this.#segments.every(isTooOld)) await this.#roll().catch(() => {});
      let left = this.sizeBytes;
      const kept = this.#segments.slice(0, -1).findIndex((segment) => {
        left -= segment.sizeBytes;
        return !isTooOld(segment) && (retentionBytes < 0 || left < retentionBytes);
      });
      const first = this.#segments.at(kept);
      if (first) await this.#moveStart(Math.max(this.#startOffset, first.baseOffset));
    });
  }

  onEndMoved(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async flush(): Promise<void> {
    if (this.#closed) return;
    await this.#active.file.flush();
    if (this.#bytesSinceCheckpoint < checkpointEveryBytes) return;
    await this.#serial(async () => {
      if (!this.#closed) await this.#writeCheckpoint();
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#closing ??= this.#serial(async () => {
      while (this.#pending.length > 0) await this.#write(this.#takePending());
      try {
        if (this.#bytesSinceCheckpoint > 0) await this.#writeCheckpoint();
      } finally {
        for (const { file } of this.#segments) await file.close();
      }
    });
    return this.#closing;
  }

  async delete(): Promise<void> {
    await this.close().catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
  }

  #refuseClosed(): void {
    if (this.#closed) throw new KafkaError(kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION, "the partition is closed");
  }

  #outOfRange(offset: number): KafkaError {
    return new KafkaError(
      kafkaErrors.OFFSET_OUT_OF_RANGE,
      `offset ${offset} is not within ${this.#startOffset} and ${this.#endOffset}`,
    );
  }

  /** One group at a time, so that whatever else waits for its turn gets it. */
  #scheduleWrite(): void {
    this.#writing = true;
    void this.#serial(async () => {
      const group = this.#takePending();
      if (group.length > 0) await this.#write(group);
      if (this.#pending.length > 0) this.#scheduleWrite();
      else this.#writing = false;
    });
  }

  #takePending(): PendingAppend[] {
    const room = Math.min(groupLimitBytes, this.#config.segmentBytes);
    let bytes = 0;
    const end = this.#pending.findIndex(({ records }, index) => {
      bytes += records.length;
      return index > 0 && bytes > room;
    });
    return this.#pending.splice(0, end < 0 ? this.#pending.length : end);
  }

  async #write(appends: readonly PendingAppend[]): Promise<void> {
    const group: WriteGroup = { placed: [], chunks: [], batches: [], undo: [] };
    try {
      if (this.#isSegmentFull(appends)) await this.#roll();
      this.#place(appends, group);
      if (group.chunks.length > 0) await this.#active.file.append(group.chunks);
    } catch (error) {
      for (const undo of group.undo.reverse()) undo();
      const reason = error instanceof Error ? error.message : String(error);
      for (const { reject } of appends) reject(new KafkaError(kafkaErrors.KAFKA_STORAGE_ERROR, reason));
      return;
    }
    this.#show(group);
  }

  /** Gives each append its offsets, or its refusal. Here and not when it is called: only now is known what came before. */
  #place(appends: readonly PendingAppend[], group: WriteGroup): void {
    let offset = this.#endOffset;
    for (const append of appends) {
      const { records, batch } = append;
      try {
        const duplicateOf = this.#producers.findDuplicate(batch);
        group.placed.push({ append, baseOffset: duplicateOf ?? offset });
        if (duplicateOf !== undefined) continue;
      } catch (error) {
        append.reject(error);
        continue;
      }
      placeBatch(records, offset);
      group.undo.push(this.#producers.record(batch, offset, this.#now()));
      group.batches.push({ ...batch, baseOffset: offset, lastOffset: offset + batch.recordCount - 1 });
      group.chunks.push(records);
      offset += batch.recordCount;
    }
  }

  /** Moves the end behind what is in the file now. */
  #show({ placed, batches }: WriteGroup): void {
    for (const batch of batches) {
      this.#active.add(batch);
      this.#bytesSinceCheckpoint += batch.sizeBytes;
    }
    this.#endOffset = this.#active.nextOffset;
    for (const { append, baseOffset } of placed) {
      append.resolve({ baseOffset, logAppendTimeMs: -1, logStartOffset: this.#startOffset });
    }
    if (batches.length > 0) for (const listener of [...this.#listeners]) listener();
  }

  #isSegmentFull(appends: readonly PendingAppend[]): boolean {
    const { sizeBytes, firstTimestampMs } = this.#active;
    if (sizeBytes === 0) return false;
    const bytes = appends.reduce((total, { records }) => total + records.length, 0);
    const timestampMs = appends[0]?.batch.maxTimestampMs ?? -1;
    // By the records' own time, as in Kafka: records of another year do not get a segment each.
    const isTooLong = firstTimestampMs >= 0 && timestampMs - firstTimestampMs > this.#config.segmentMs;
    return sizeBytes + bytes > this.#config.segmentBytes || isTooLong;
  }

  /** Begins a new segment; after a failure the next append tries again. */
  async #roll(): Promise<void> {
    const old = this.#active;
    await old.file.flush();
    await old.saveIndex();
    this.#segments.push(await Segment.open(this.#folder, this.#endOffset));
    await this.#writeCheckpoint();
  }

  async #writeCheckpoint(): Promise<void> {
    const active = this.#active;
    await active.file.flush();
    const checkpoint: Checkpoint = {
      startOffset: this.#startOffset,
      active: active.summarize(),
      producers: this.#producers.takeSnapshot(this.#endOffset),
    };
    await writeCheckedJson(checkpointPath(this.#folder), checkpoint);
    this.#bytesSinceCheckpoint = 0;
  }

  /** First the note of it, then the files: a kill in between leaves files that the next start removes. */
  async #moveStart(offset: number): Promise<void> {
    if (offset <= this.#startOffset) return;
    this.#startOffset = offset;
    await this.#writeCheckpoint().catch((error: unknown) => {
      // On a full disk what frees it must go on; without the note the first segment's name tells the start.
      if (!this.#segments.some(({ baseOffset }) => baseOffset === offset)) throw error;
    });
    while ((this.#segments[1]?.baseOffset ?? Number.POSITIVE_INFINITY) <= offset) {
      await this.#segments.shift()?.delete();
    }
  }
}
