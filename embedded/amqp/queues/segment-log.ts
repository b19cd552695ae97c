import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { type AppendFile, openAppendFile } from "../../storage/append-file.js";
import { type Frame, findFrame, readFrame, sealFrame } from "./frames.js";

/** A file of the log. Numbers of neighbours follow each other. */
export interface Segment {
  readonly number: number;
  readonly salt: number;
  sizeBytes: number;
  /** Messages that are still needed, and their bytes in the file, as the log's owner counts them (countLive). */
  liveCount: number;
  liveBytes: number;
}

export interface Location {
  readonly segment: number;
  readonly position: number;
}

export interface SegmentLogOptions {
  readonly folder: string;
  readonly segmentBytes: number;
  /** Something is in the file that is not on the disk. */
  dirty(log: SegmentLog): void;
  log(level: "info" | "warn" | "error", text: string): void;
}

interface RecoveredFile {
  readonly name: string;
  readonly isLast: boolean;
  visit(frame: Frame, segment: Segment): void;
}

interface Waiting {
  readonly chunks: readonly Buffer[];
  resolve(location: Location | Promise<Location>): void;
  reject(error: unknown): void;
}

/** "MBQ", version, salt. */
const headerBytes = 8;
const magic = Buffer.from("MBQ");
const formatVersion = 1;

/** Records in files of about `segmentBytes`, appended to the newest, dropped with the oldest. */
export class SegmentLog {
  readonly segments: Segment[] = [];
  readonly #options: SegmentLogOptions;
  #active: AppendFile | undefined;
  #scheduledBytes = 0;
  #opening: Promise<void> | undefined;
  #waiting: Waiting[] = [];
  #dropping = false;
  #closed = false;

  constructor(options: SegmentLogOptions) {
    this.#options = options;
  }

  /**
   * First of all: visits what the files hold, in order, and cuts a torn tail.
   * @throws Error code DATA_DAMAGED, DATA_NEWER
   */
  async recover(visit: (frame: Frame, segment: Segment) => void): Promise<void> {
    const entries = await readdir(this.#options.folder).catch(ignoreMissing);
    const names = entries.filter((name) => /^\d{10}\.log$/.test(name)).sort();
    for (const [index, name] of names.entries()) {
      await this.#recoverFile({ name, isLast: index === names.length - 1, visit });
    }
    const last = this.segments.at(-1);
    if (!last || last.sizeBytes >= this.#options.segmentBytes) return;
    this.#active = await openAppendFile(this.#path(last.number));
    this.#scheduledBytes = last.sizeBytes;
  }

  get sizeBytes(): number {
    return this.segments.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  }

  get oldest(): Segment | undefined {
    return this.segments[0];
  }

  /** The one that is appended to cannot be dropped. */
  isActive(segment: Segment): boolean {
    return segment === this.segments.at(-1);
  }

  find(number: number): Segment | undefined {
    return this.segments[number - (this.segments[0]?.number ?? 0)];
  }

  /** One more message, or one less, that is still needed; what is in no segment (0) does not count. */
  countLive({ segment: number, recordBytes }: { segment: number; recordBytes: number }, by: 1 | -1): void {
    const segment = number > 0 ? this.find(number) : undefined;
    if (!segment) return;
    segment.liveCount += by;
    segment.liveBytes += by * recordBytes;
  }

  /**
   * Resolves once the record is in the file; the first chunk has room for the frame in front. Order is that of the
   * calls.
   */
  append(chunks: readonly Buffer[]): Promise<Location> {
    if (this.#closed) return Promise.reject(new Error(`${this.#options.folder} is closed`));
    if (this.#active && !this.#opening && this.#scheduledBytes < this.#options.segmentBytes) {
      return this.#write(this.#active, chunks);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ chunks, resolve, reject });
      this.#opening ??= this.#roll();
    });
  }

  /** From the position as much as there is, up to the length. Rejects when the segment has been dropped. */
  async read({ segment: number, position }: Location, lengthBytes: number): Promise<Buffer> {
    const segment = this.find(number);
    if (!segment) throw new RangeError(`segment ${number} is gone`);
    const length = Math.min(lengthBytes, segment.sizeBytes - position);
    if (this.isActive(segment) && this.#active) return this.#active.read(position, length);
    const handle = await open(this.#path(number), "r");
    try {
      const buffer = Buffer.allocUnsafeSlow(length);
      const { bytesRead } = await handle.read(buffer, 0, length, position);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  /** The sound record at the location. @throws Error code DATA_DAMAGED */
  parse(buffer: Buffer, position: number, location: Location): Frame {
    const frame = this.tryParse(buffer, position, location);
    if (!frame) throw damage(this.#path(location.segment), location.position + position);
    return frame;
  }

  /** The same where there may be none: what was read ends somewhere. */
  tryParse(buffer: Buffer, position: number, location: Location): Frame | undefined {
    const segment = this.find(location.segment);
    return segment && readFrame(buffer, position, segment.salt);
  }

  /**
   * Drops segments without messages that are needed, oldest first. `moveForward` appends those of the oldest once more,
   * where much else is of no use. At once where it is under way already.
   */
  async dropUnneeded(moveForward: (oldest: Segment) => Promise<void>): Promise<void> {
    if (this.#dropping) return;
    this.#dropping = true;
    try {
      for (;;) {
        const { oldest } = this;
        if (!oldest || this.isActive(oldest) || this.#closed) return;
        if (oldest.liveCount > 0 && this.#isWasteful()) await moveForward(oldest);
        if (oldest.liveCount > 0) return;
        await this.dropOldest();
      }
    } finally {
      this.#dropping = false;
    }
  }

  async dropOldest(): Promise<void> {
    // What replaces it must be on the disk before it goes.
    await this.flush();
    const segment = this.segments.shift();
    if (segment) await rm(this.#path(segment.number), { force: true });
  }

  async flush(): Promise<void> {
    await this.#opening;
    await this.#active?.flush();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening;
    await this.#active?.close();
  }

  /** Closes, and removes the folder. */
  async destroy(): Promise<void> {
    await this.close().catch(() => {});
    await rm(this.#options.folder, { recursive: true, force: true });
  }

  /** More than half of the files, and not just a little, is of no use. */
  #isWasteful(): boolean {
    const liveBytes = this.segments.reduce((total, segment) => total + segment.liveBytes, 0);
    return this.sizeBytes > 2 * liveBytes + 2 * this.#options.segmentBytes;
  }

  async #write(active: AppendFile, chunks: readonly Buffer[]): Promise<Location> {
    const segment = this.segments.at(-1) as Segment;
    sealFrame(chunks, segment.salt);
    const sizeBytes = chunks.reduce((total, chunk) => total + chunk.length, 0);
    this.#scheduledBytes += sizeBytes;
    const position = await active.append(chunks);
    segment.sizeBytes = active.sizeBytes;
    this.#options.dirty(this);
    return { segment: segment.number, position };
  }

  async #roll(): Promise<void> {
    try {
      const full = this.#active;
      // From here on it is read by its path.
      this.#active = undefined;
      // A record in the new file must never be there without all of the old one.
      await full?.close();
      await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
      await this.#openNext();
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    }
    this.#opening = undefined;
    const active = this.#active;
    for (const { chunks, resolve } of active ? this.#waiting.splice(0) : [])
      resolve(this.#write(active as AppendFile, chunks));
  }

  async #openNext(): Promise<void> {
    const number = (this.segments.at(-1)?.number ?? 0) + 1;
    const header = Buffer.concat([magic, Buffer.from([formatVersion]), randomBytes(4)]);
    const file = await openAppendFile(this.#path(number));
    try {
      await file.append([header]);
    } catch (error) {
      await file.close().catch(() => {});
      await rm(this.#path(number), { force: true });
      throw error;
    }
    this.segments.push({
      number,
      salt: header.readUInt32BE(4),
      sizeBytes: headerBytes,
      liveCount: 0,
      liveBytes: 0,
    });
    this.#active = file;
    this.#scheduledBytes = headerBytes;
  }

  async #recoverFile({ name, isLast, visit }: RecoveredFile): Promise<void> {
    const path = join(this.#options.folder, name);
    const number = Number.parseInt(name, 10);
    const buffer = await readFile(path);
    if (isLast && buffer.length < headerBytes) return rm(path);
    const expected = (this.segments.at(-1)?.number ?? number - 1) + 1;
    if (number !== expected) throw damage(this.#path(expected), 0);
    if (buffer.length < headerBytes || !buffer.subarray(0, magic.length).equals(magic)) throw damage(path, 0);
    if (buffer.readUInt8(magic.length) > formatVersion) {
      throw Object.assign(new Error(`${path} was written by a newer version of mybroker`), {
        code: "DATA_NEWER",
      });
    }
    const salt = buffer.readUInt32BE(4);
    const segment: Segment = { number, salt, sizeBytes: headerBytes, liveCount: 0, liveBytes: 0 };
    this.segments.push(segment);
    for (;;) {
      const frame = readFrame(buffer, segment.sizeBytes, salt);
      if (!frame) break;
      visit(frame, segment);
      segment.sizeBytes += frame.sizeBytes;
    }
    if (segment.sizeBytes === buffer.length) return;
    if (!isLast || findFrame(buffer, segment.sizeBytes + 1, salt) !== undefined)
      throw damage(path, segment.sizeBytes);
    this.#options.log(
      "warn",
      `${path}: cut at ${segment.sizeBytes}, ${buffer.length - segment.sizeBytes} bytes of an unfinished write`,
    );
    await truncate(path, segment.sizeBytes);
  }

  #path(number: number): string {
    return join(this.#options.folder, `${String(number).padStart(10, "0")}.log`);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === "ENOENT") return [];
  throw error;
}

function damage(path: string, position: number): Error {
  return Object.assign(new Error(`${path} is damaged at byte ${position}`), { code: "DATA_DAMAGED" });
}
