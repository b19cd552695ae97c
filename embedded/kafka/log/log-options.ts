import type { Log } from "../server/limit-log.js";

/** What of a topic's configuration a partition obeys. */
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

export interface LogOptions {
  /** Created when it is not there. */
  readonly folder: string;
  readonly config: LogConfig;
  /** One line when a torn tail was cut off. */
  readonly log: Log;
  /** Milliseconds since 1970; Date.now unless a test says otherwise. */
  readonly now?: () => number;
}
