import { constants, writevSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { createSerial } from "../../kit/serial.js";

/**
 * A file that only grows at its end. Appends that arrive while a write is under way go out together in the next one,
 * in the order of the calls (group commit).
 */
export interface AppendFile {
  readonly path: string;
  /** Bytes that are in the file: what a kill of this process cannot take away. */
  readonly sizeBytes: number;
  /**
   * Resolves with the position of the first byte once all of it is in the file (the kernel has it; the disk within
   * the flush interval). After a failure, a full disk say, the file ends where it ended before the write: none of
   * the appends of that write is in it, and each of them rejects.
   */
  append(chunks: readonly Uint8Array[]): Promise<number>;
  /** Exactly `length` bytes. @throws RangeError past the end */
  read(position: number, length: number): Promise<Buffer>;
  /** Resolves when everything appended so far is on the disk. */
  flush(): Promise<void>;
  /** Cuts off what lies behind; only while nothing is being appended. */
  truncate(sizeBytes: number): Promise<void>;
  /** Writes and flushes what was appended, then closes; later calls reject. */
  close(): Promise<void>;
}

interface Waiting {
  readonly chunks: readonly Uint8Array[];
  readonly lengthBytes: number;
  resolve(position: number): void;
  reject(error: unknown): void;
}

/** One write carries at most this much, so that a burst does not become one huge system call. */
const writeLimitBytes = 4 * 1024 * 1024;
/**
 * The kernel takes a write of at most this much at once: microseconds, where handing it to another thread and back
 * takes ten times as long and delays each step of a message's way.
 */
const syncLimitBytes = 64 * 1024;
/** IOV_MAX of Linux and macOS. */
const chunkLimit = 1024;

/** Opens or creates the file (mode 0600); appends go behind what it holds. */
export async function openAppendFile(path: string): Promise<AppendFile> {
  // Not in append mode: that ignores positions, and what a failed write left could not be written over.
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  return new GroupedAppendFile(path, handle, (await handle.stat()).size);
}

class GroupedAppendFile implements AppendFile {
  readonly path: string;
  readonly #handle: FileHandle;
  #sizeBytes: number;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;
  #unflushed = false;
  /** Whoever comes while a flush is under way waits for it, and for one more if that began too early. */
  readonly #flushing = createSerial();

  constructor(path: string, handle: FileHandle, sizeBytes: number) {
    this.path = path;
    this.#handle = handle;
    this.#sizeBytes = sizeBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  append(chunks: readonly Uint8Array[]): Promise<number> {
    if (this.#closed) return Promise.reject(new Error(`${this.path} is closed`));
    return this.#enqueue(chunks);
  }

  #enqueue(chunks: readonly Uint8Array[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ chunks, lengthBytes: sizeOf(chunks), resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  async read(position: number, length: number): Promise<Buffer> {
    if (position + length > this.#sizeBytes) {
      throw new RangeError(`${this.path} ends at ${this.#sizeBytes}, before ${position + length}`);
    }
    const buffer = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, position + filled);
      if (bytesRead === 0) throw new RangeError(`${this.path} was cut short from outside`);
      filled += bytesRead;
    }
    return buffer;
  }

  async flush(): Promise<void> {
    // Behind what was appended so far and not behind all that comes meanwhile, which may never end.
    if (this.#writing) await this.#enqueue([]).catch(() => {});
    await this.#flushing(async () => {
      if (!this.#unflushed) return;
      this.#unflushed = false;
      try {
        await this.#handle.datasync();
      } catch (error) {
        this.#unflushed = true;
        throw error;
      }
    });
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#handle.truncate(sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.flush();
    } finally {
      await this.#handle.close();
    }
  }

  async #writeAll(): Promise<void> {
    // Whoever appends in the same turn of the event loop shares the write.
    await undefined;
    while (this.#waiting.length > 0) {
      await this.#writeGroup(this.#takeGroup());
      // One write a turn, so that who appends again and again neither holds up everything else nor writes alone.
      await setImmediate();
    }
    this.#writing = undefined;
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let chunks = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      if (count > 0 && (bytes + waiting.lengthBytes > writeLimitBytes || chunks >= chunkLimit)) break;
      bytes += waiting.lengthBytes;
      chunks += waiting.chunks.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const start = this.#sizeBytes;
    try {
      await this.#writeChunks(
        group.flatMap(({ chunks }) => chunks),
        start,
      );
    } catch (error) {
      // What a half write left behind the end is overwritten by the next one, also when it cannot be cut off now.
      await this.#handle.truncate(start).catch(() => {});
      for (const { reject } of group) reject(error);
      return;
    }
    let position = start;
    this.#unflushed = true;
    this.#sizeBytes = start + group.reduce((total, { lengthBytes }) => total + lengthBytes, 0);
    for (const { lengthBytes, resolve } of group) {
      resolve(position);
      position += lengthBytes;
    }
  }

  async #writeChunks(chunks: readonly Uint8Array[], start: number): Promise<void> {
    let position = start;
    for (let from = 0; from < chunks.length; from += chunkLimit) {
      let rest = chunks.slice(from, from + chunkLimit).filter((chunk) => chunk.byteLength > 0);
      while (rest.length > 0) {
        const bytesWritten =
          sizeOf(rest) <= syncLimitBytes
            ? writevSync(this.#handle.fd, rest, position)
            : (await this.#handle.writev(rest, position)).bytesWritten;
        position += bytesWritten;
        rest = dropWritten(rest, bytesWritten);
      }
    }
  }
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((total, chunk) => total + chunk.byteLength, 0);
}

/** What is left of the chunks after a write that may have been short. */
function dropWritten(chunks: readonly Uint8Array[], bytesWritten: number): Uint8Array[] {
  let left = bytesWritten;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (left >= chunk.byteLength) left -= chunk.byteLength;
    else {
      rest.push(left === 0 ? chunk : chunk.subarray(left));
      left = 0;
    }
  }
  return rest;
}
