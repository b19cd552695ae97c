import { rm } from "node:fs/promises";
import { createSerial } from "../../../kit/serial.js";
import { writeCheckedJson } from "../../storage/json-file.js";
import { KafkaError } from "../errors.js";
import { type Appended, type PendingAppend, placeAppends, takeGroup } from "./append-group.js";
import { findTimestamp, type OffsetAtTime } from "./find-timestamp.js";
import type { LogConfig, LogOptions } from "./log-options.js";
import type { ProducerStates } from "./producer-states.js";
import { validateRecords } from "./record-batch.js";
import { type Checkpoint, checkpointPath, type RecoveredLog, recoverLog } from "./recover-log.js";
import { removeSegment, Segment } from "./segment.js";

/** So much is scanned at most after a kill. */
const checkpointEveryBytes = 4 * 1024 * 1024;

/**
 * One partition: a folder of segments in Kafka's own file format. Errors of requests are KafkaErrors; damage found
 * while reading is an Error with code "DATA_DAMAGED" that names the file and the position.
 */
export class PartitionLog {
  readonly #folder: string;
  readonly #now: () => number;
  readonly #segments: Segment[];
  readonly #producers: ProducerStates;
  readonly #listeners = new Set<() => void>();
  /** Whatever changes files runs in it; reads do not. */
  readonly #serial = createSerial();
  #config: LogConfig;
  #startOffset: number;
  #pending: PendingAppend[] = [];
  #writing = false;
  #bytesSinceCheckpoint = 0;
  #closing: Promise<void> | undefined;

  /**
   * Opens a partition's folder; cuts off a torn tail.
   * @throws Error with code "DATA_DAMAGED", or what the file system says
   */
  static async open(options: LogOptions): Promise<PartitionLog> {
    return new PartitionLog(options, await recoverLog(options));
  }

  private constructor(options: LogOptions, recovered: RecoveredLog) {
    this.#folder = options.folder;
    this.#config = options.config;
    this.#now = options.now ?? Date.now;
    this.#segments = recovered.segments;
    this.#producers = recovered.producers;
    this.#startOffset = recovered.startOffset;
  }

  /** First offset that can be read. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /** High watermark: the offset that the next visible record will have; grows once the bytes are in the file. */
  get endOffset(): number {
    return this.#active.facts.nextOffset;
  }

  get sizeBytes(): number {
    return this.#segments.reduce((total, { facts }) => total + facts.sizeBytes, 0);
  }

  get #active(): Segment {
    return this.#segments.at(-1) as Segment;
  }

  /**
   * Appends the one record batch (v2) that a Produce request carries. The buffer is written to (base offset
   * and leader epoch) and must not be reused. Offsets are assigned in the order of the calls; resolves once the bytes
   * are in the file. A repeated batch of an idempotent producer resolves with its first offset.
   *
   * @throws KafkaError CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, INVALID_RECORD, INVALID_TIMESTAMP,
   * OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, KAFKA_STORAGE_ERROR (the log stays usable)
   */
  async append(records: Buffer): Promise<Appended> {
    this.#refuseClosed();
    const batch = validateRecords(records, this.#config.maxMessageBytes, this.#now());
    return new Promise((resolve, reject) => {
      this.#pending.push({ records, batch, baseOffset: -1, resolve, reject });
      if (!this.#writing) this.#scheduleWrite();
    });
  }

  /**
   * Whole batches from the one that holds `offset` on: at least one even if it is larger than `maxBytes`, empty at the
   * end of the log. The first batch may begin before `offset`; clients skip what they did not ask for.
   *
   * @throws KafkaError OFFSET_OUT_OF_RANGE below startOffset and above endOffset
   */
  async read(offset: number, maxBytes: number): Promise<Buffer> {
    this.#refuseClosed();
    if (offset < this.#startOffset || offset > this.endOffset) throw this.#outOfRange(offset);
    if (offset === this.endOffset) return Buffer.alloc(0);
    const segment = this.#segments.findLast(({ facts }) => facts.baseOffset <= offset) ?? this.#active;
    try {
      return await segment.read(offset, maxBytes);
    } catch (error) {
      this.#refuseClosed();
      // Retention may have removed it meanwhile.
      throw this.#segments.includes(segment) ? error : this.#outOfRange(offset);
    }
  }

  /** The first record at or after the time, null when there is none. Uncompressed, gzip and zstd (where Node has it)
   * exact; for other codecs the base offset of the batch that holds it. */
  async offsetAtTime(timestampMs: number): Promise<OffsetAtTime | null> {
    this.#refuseClosed();
    for (const segment of [...this.#segments]) {
      const { maxTimestampMs, nextOffset } = segment.facts;
      if (maxTimestampMs < timestampMs || nextOffset <= this.#startOffset) continue;
      try {
        for await (const scanned of segment.scanFromTime(timestampMs)) {
          const found = findTimestamp(scanned, timestampMs, this.#startOffset);
          if (found) return found;
        }
      } catch (error) {
        // What retention has removed meanwhile is not asked for any more.
        if (this.#segments.includes(segment)) throw error;
      }
    }
    return null;
  }

  /**
   * DeleteRecords: nothing before the offset can be read any more; -1 means the end.
   * @returns the new start offset
   * @throws KafkaError OFFSET_OUT_OF_RANGE above endOffset
   */
  deleteRecordsBefore(offset: number): Promise<number> {
    return this.#serial(async () => {
      this.#refuseClosed();
      const wanted = offset === -1 ? this.endOffset : offset;
      if (wanted < 0 || wanted > this.endOffset) throw this.#outOfRange(wanted);
      await this.#moveStart(wanted);
      return this.#startOffset;
    });
  }

  configure(config: LogConfig): void {
    this.#config = config;
  }

  /** Deletes closed segments that are too old or too much; to be called now and then by the owner. */
  applyRetention(): Promise<void> {
    return this.#serial(async () => {
      if (this.#closing) return;
      const { retentionMs, retentionBytes } = this.#config;
      const isTooOld = ({ facts: { maxTimestampMs } }: Segment) =>
        retentionMs >= 0 && maxTimestampMs >= 0 && this.#now() - maxTimestampMs > retentionMs;
      // Kafka does not spare the segment that is being written to either, once all in it is too old.
      // On a full disk that may fail, and works once the others are gone.
      if (this.#segments.every(isTooOld)) await this.#roll().catch(() => {});
      let left = this.sizeBytes;
      const kept = this.#segments.slice(0, -1).findIndex((segment) => {
        left -= segment.facts.sizeBytes;
        return !isTooOld(segment) && (retentionBytes < 0 || left < retentionBytes);
      });
      await this.#moveStart(this.#segments.at(kept)?.facts.baseOffset ?? 0);
    });
  }

  /** Calls back each time that endOffset has grown, and at the end of the log. @returns a function that ends it */
  onEndMoved(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Everything appended so far onto the disk, and the checkpoint behind it; nothing to do costs nothing. */
  async flush(): Promise<void> {
    if (this.#closing) return;
    await this.#active.file.flush();
    if (this.#bytesSinceCheckpoint < checkpointEveryBytes) return;
    await this.#serial(async () => {
      if (!this.#closing) await this.#writeCheckpoint();
    });
  }

  /** Flushes and closes; later calls reject. */
  close(): Promise<void> {
    this.#closing ??= this.#serial(async () => {
      while (this.#pending.length > 0) await this.#write(takeGroup(this.#pending, this.#config.segmentBytes));
      try {
        if (this.#bytesSinceCheckpoint > 0) await this.#writeCheckpoint();
      } finally {
        for (const segment of this.#segments) await segment.close();
        this.#notify();
      }
    });
    return this.#closing;
  }

  /** Closes and removes the folder. */
  async delete(): Promise<void> {
    await this.close().catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
  }

  #refuseClosed(): void {
    if (this.#closing) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION", "the partition is closed");
  }

  #outOfRange(offset: number): KafkaError {
    const text = `offset ${offset} is not within ${this.#startOffset} and ${this.endOffset}`;
    return new KafkaError("OFFSET_OUT_OF_RANGE", text);
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** One group at a time, so that whatever else waits for its turn gets it. */
  #scheduleWrite(): void {
    this.#writing = true;
    void this.#serial(async () => {
      const group = takeGroup(this.#pending, this.#config.segmentBytes);
      if (group.length > 0) await this.#write(group);
      this.#writing = this.#pending.length > 0;
      if (this.#writing) this.#scheduleWrite();
    });
  }

  /** What shares a write succeeds or fails together. */
  async #write(appends: readonly PendingAppend[]): Promise<void> {
    const undo: (() => void)[] = [];
    try {
      if (this.#isSegmentFull(appends)) await this.#roll();
      const fresh = placeAppends(appends, {
        offset: this.endOffset,
        claim: (batch, offset) => {
          const duplicateOf = this.#producers.findDuplicate(batch);
          if (duplicateOf === undefined) undo.push(this.#producers.record(batch, offset, this.#now()));
          return duplicateOf;
        },
      });
      if (fresh.length > 0) await this.#active.file.append(fresh.map(({ records }) => records));
      for (const { batch } of fresh) {
        this.#active.add(batch);
        this.#bytesSinceCheckpoint += batch.sizeBytes;
      }
    } catch (error) {
      for (const forget of undo.reverse()) forget();
      const reason = error instanceof Error ? error.message : String(error);
      for (const { reject } of appends) reject(new KafkaError("KAFKA_STORAGE_ERROR", reason));
      return;
    }
    for (const { resolve, baseOffset } of appends) {
      resolve({ baseOffset, logStartOffset: this.#startOffset });
    }
    if (undo.length > 0) this.#notify();
  }

  #isSegmentFull(appends: readonly PendingAppend[]): boolean {
    const { sizeBytes, firstTimestampMs } = this.#active.facts;
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
    this.#segments.push(await Segment.open(this.#folder, this.endOffset));
    await this.#writeCheckpoint();
  }

  async #writeCheckpoint(startOffset = this.#startOffset): Promise<void> {
    const { file, facts } = this.#active;
    await file.flush();
    const producers = this.#producers.takeSnapshot();
    const checkpoint: Checkpoint = { startOffset, active: facts, producers };
    await writeCheckedJson(checkpointPath(this.#folder), checkpoint);
    this.#bytesSinceCheckpoint = 0;
  }

  /** First the note of it, then the files: a kill in between leaves files that the next start removes. */
  async #moveStart(offset: number): Promise<void> {
    if (offset <= this.#startOffset) return;
    await this.#writeCheckpoint(offset).catch((error: unknown) => {
      // On a full disk what frees it must go on; without the note the first segment's name tells the start.
      if (!this.#segments.some(({ facts }) => facts.baseOffset === offset)) throw error;
    });
    this.#startOffset = offset;
    while ((this.#segments[1]?.facts.baseOffset ?? Number.POSITIVE_INFINITY) <= offset) {
      const segment = this.#segments.shift();
      // Whoever is reading finishes first.
      await segment?.close().catch(() => {});
      if (segment) await removeSegment(this.#folder, segment.facts.baseOffset);
    }
  }
}
