import { recoverLog } from "./recover-log.js";
import { SegmentedLog } from "./segmented-log.js";

/** What of a topic's configuration a partition obeys; a change (AlterConfigs) is passed to {@link PartitionLog.configure}. */
export interface LogConfig {
  /** max.message.bytes: of one batch as it is sent, compressed. */
  readonly maxMessageBytes: number;
  /** segment.bytes */
  readonly segmentBytes: number;
  /** segment.ms: a segment whose first batch is older than this is closed at the next append. */
  readonly segmentMs: number;
  /** retention.ms; -1 keeps everything. */
  readonly retentionMs: number;
  /** retention.bytes of this partition; -1 keeps everything. */
  readonly retentionBytes: number;
}

export const defaultLogConfig: LogConfig = {
  maxMessageBytes: 1_048_588,
  segmentBytes: 16 * 1024 * 1024,
  segmentMs: 7 * 24 * 60 * 60 * 1000,
  retentionMs: 7 * 24 * 60 * 60 * 1000,
  retentionBytes: 256 * 1024 * 1024,
};

/** What a Produce response says about a partition. */
export interface Appended {
  readonly baseOffset: number;
  /** Always -1: timestamps are the producer's (CreateTime). */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
}

export interface OffsetAtTime {
  readonly offset: number;
  readonly timestampMs: number;
}

/**
 * One partition: a folder of segments in Kafka's own file format. Errors of requests are KafkaErrors; damage found
 * while reading is an Error with code "DATA_DAMAGED" that names the file and the position.
 */
export interface PartitionLog {
  /** First offset that can be read. */
  readonly startOffset: number;
  /** High watermark: the offset that the next visible record will have; grows in order, once the bytes are in the file. */
  readonly endOffset: number;
  readonly sizeBytes: number;

  /**
   * Appends the one record batch (v2) that a Produce request carries. The buffer is written to (base offset
   * and leader epoch) and must not be reused. Offsets are assigned in the order of the calls; resolves once the bytes
   * are in the file. A repeated batch of an idempotent producer resolves with its first offset.
   *
   * @throws KafkaError CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, INVALID_RECORD, INVALID_TIMESTAMP,
   * OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, KAFKA_STORAGE_ERROR (the log stays usable)
   */
  append(records: Buffer): Promise<Appended>;

  /**
   * Whole batches from the one that holds `offset` on: at least one even if it is larger than `maxBytes`, empty at the
   * end of the log. The first batch may begin before `offset`; clients skip what they did not ask for.
   *
   * @throws KafkaError OFFSET_OUT_OF_RANGE below startOffset and above endOffset
   */
  read(offset: number, maxBytes: number): Promise<Buffer>;

  /** The first record at or after the time, null when there is none. Uncompressed, gzip and zstd (where Node has it)
   * exact; for other codecs the base offset of the batch that holds it. */
  offsetAtTime(timestampMs: number): Promise<OffsetAtTime | null>;
  /** The record with the largest timestamp (ListOffsets -3), null in an empty log. */
  offsetOfMaxTimestamp(): Promise<OffsetAtTime | null>;

  /**
   * DeleteRecords: nothing before the offset can be read any more; -1 means the end.
   * @returns the new start offset
   * @throws KafkaError OFFSET_OUT_OF_RANGE above endOffset
   */
  deleteRecordsBefore(offset: number): Promise<number>;

  configure(config: LogConfig): void;
  /** Deletes closed segments that are too old or too much; to be called now and then by the owner. */
  applyRetention(): Promise<void>;

  /** Calls back each time that endOffset has grown. @returns a function that ends it */
  onEndMoved(listener: () => void): () => void;

  /** Everything appended so far onto the disk, and the checkpoint behind it; nothing to do costs nothing. */
  flush(): Promise<void>;
  /** Flushes and closes; later calls reject. */
  close(): Promise<void>;
  /** Closes and removes the folder. */
  delete(): Promise<void>;
}

export interface OpenPartitionLogOptions {
  /** Created when it is not there. */
  readonly folder: string;
  readonly config: LogConfig;
  /** One line when a torn tail was cut off. */
  readonly log: (level: "info" | "warn" | "error", text: string) => void;
  /** Milliseconds since 1970; Date.now unless a test says otherwise. */
  readonly now?: () => number;
}

/**
 * Opens a partition's folder; cuts off a torn tail.
 * @throws Error with code "DATA_DAMAGED", or what the file system says
 */
export async function openPartitionLog(options: OpenPartitionLogOptions): Promise<PartitionLog> {
  return new SegmentedLog(options, await recoverLog(options));
}
