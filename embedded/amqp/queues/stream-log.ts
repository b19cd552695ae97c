import type { Frame } from "./frames.js";
import { frameSizeBytes } from "./frames.js";
import type { MessageCache } from "./message-cache.js";
import type { Message } from "./queue.js";
import { decodeMessage, decodeMessageFields, encodeMessage } from "./record.js";
import { type Segment, SegmentLog, type SegmentLogOptions } from "./segment-log.js";

export interface StreamEntry {
  readonly offset: number;
  readonly timeMs: number;
  readonly message: Message;
}

export interface StreamLogOptions extends SegmentLogOptions {
  /** Of the stream, in the cache. */
  readonly name: string;
  readonly cache: MessageCache;
}

/** Of one segment, with one mark for every 64 KiB of it. */
interface Chapter {
  readonly segment: Segment;
  readonly marks: Mark[];
  messageCount: number;
  endOffset: number;
  lastTimeMs: number;
}

interface Mark {
  readonly offset: number;
  readonly position: number;
}

const markEveryBytes = 64 * 1024;
const readBytes = 256 * 1024;

/** Messages by offset. */
export class StreamLog {
  readonly #options: StreamLogOptions;
  readonly #log: SegmentLog;
  #chapters: Chapter[] = [];
  #assignedOffset = 0;
  #endOffset = 0;

  constructor(options: StreamLogOptions) {
    this.#options = options;
    this.#log = new SegmentLog(options);
  }

  /** @throws Error code DATA_DAMAGED */
  async recover(): Promise<void> {
    await this.#log.recover((frame, segment) => {
      const { id, timeMs } = decodeMessageFields(frame.payload);
      this.#index({ segment, position: frame.position }, { offset: id, timeMs });
    });
    this.#assignedOffset = this.#endOffset;
  }

  get firstOffset(): number {
    return this.#chapters[0]?.marks[0]?.offset ?? this.#endOffset;
  }

  /** Behind the last message that is in the file. */
  get endOffset(): number {
    return this.#endOffset;
  }

  get messageCount(): number {
    return this.#chapters.reduce((total, { messageCount }) => total + messageCount, 0);
  }

  /** Resolves with true once it is in the file and a new segment was begun for it. */
  async append(message: Message): Promise<boolean> {
    const fields = { offset: this.#assignedOffset++, timeMs: Date.now() };
    const { offset, timeMs } = fields;
    const chunks = encodeMessage(
      { id: offset, timeMs, transient: false, redelivered: false, out: false, deliveryCount: 0 },
      message,
    );
    const { segment: number, position } = await this.#log.append(chunks);
    const segment = this.#log.find(number);
    if (!segment) return false;
    this.#options.cache.set(this.#key(offset), message);
    return this.#index({ segment, position }, fields);
  }

  peek(offset: number): Message | undefined {
    return this.#options.cache.get(this.#key(offset));
  }

  /** Messages from the offset on that lie together, at least one; empty when nothing is there any more. */
  async read(offset: number): Promise<StreamEntry[]> {
    const chapter = this.#chapters.find(({ endOffset }) => endOffset > offset);
    const mark = chapter?.marks.findLast((candidate) => candidate.offset <= offset) ?? chapter?.marks[0];
    if (!chapter || !mark) return [];
    let position = mark.position;
    let lengthBytes = readBytes;
    for (;;) {
      const location = { segment: chapter.segment.number, position };
      const buffer = await this.#log.read(location, lengthBytes);
      const { entries, usedBytes } = this.#parseAll(buffer, location);
      const wanted = entries.filter((entry) => entry.offset >= offset);
      if (wanted.length > 0) return wanted;
      if (usedBytes === 0 && lengthBytes > readBytes) this.#log.parse(buffer, 0, location);
      position += usedBytes;
      lengthBytes = Math.max(readBytes, usedBytes === 0 ? (frameSizeBytes(buffer, 0) ?? 0) : 0);
    }
  }

  /** The offset from which on messages may be as young. */
  findTime(timeMs: number): number {
    const chapter = this.#chapters.find(({ lastTimeMs }) => lastTimeMs >= timeMs);
    return chapter?.marks[0]?.offset ?? this.#endOffset;
  }

  /** Drops whole segments, oldest first, never the one that is written. */
  async retain({ maxAgeMs, maxBytes }: { maxAgeMs: number; maxBytes: number }): Promise<void> {
    for (;;) {
      const [oldest] = this.#chapters;
      if (!oldest || this.#log.isActive(oldest.segment)) return;
      if (oldest.lastTimeMs >= Date.now() - maxAgeMs && this.#log.sizeBytes <= maxBytes) return;
      this.#chapters = this.#chapters.slice(1);
      // A segment whose every write failed has no chapter and goes along.
      while (this.#log.oldest && this.#log.oldest.number <= oldest.segment.number)
        await this.#log.dropOldest();
    }
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  destroy(): Promise<void> {
    return this.#log.destroy();
  }

  #key(offset: number): string {
    return `${this.#options.name}:${offset}`;
  }

  /** Returns whether the segment is a new one. */
  #index(
    { segment, position }: { segment: Segment; position: number },
    { offset, timeMs }: { offset: number; timeMs: number },
  ): boolean {
    let chapter = this.#chapters.at(-1);
    const isNew = chapter?.segment !== segment;
    if (!chapter || isNew) {
      chapter = { segment, marks: [], messageCount: 0, endOffset: offset, lastTimeMs: timeMs };
      this.#chapters.push(chapter);
    }
    const mark = chapter.marks.at(-1);
    if (!mark || position - mark.position >= markEveryBytes) chapter.marks.push({ offset, position });
    chapter.messageCount += 1;
    chapter.lastTimeMs = timeMs;
    this.#endOffset = chapter.endOffset = offset + 1;
    return isNew;
  }

  #parseAll(
    buffer: Buffer,
    location: { segment: number; position: number },
  ): { entries: StreamEntry[]; usedBytes: number } {
    const entries: StreamEntry[] = [];
    let usedBytes = 0;
    for (;;) {
      const frame: Frame | undefined = this.#log.tryParse(buffer, usedBytes, location);
      if (!frame) return { entries, usedBytes };
      const { id, timeMs } = decodeMessageFields(frame.payload);
      entries.push({ offset: id, timeMs, message: decodeMessage(frame.payload) });
      usedBytes += frame.sizeBytes;
    }
  }
}
