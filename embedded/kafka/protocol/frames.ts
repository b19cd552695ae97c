import { MalformedMessage } from "./reader.js";

/** socket.request.max.bytes of Apache Kafka. */
export const frameLimitBytes = 100 * 1024 * 1024;

/** Puts the chunks of a connection together again to messages: an int32 length, then as many bytes. */
export class FrameBuffer {
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  /** Of the message at the front, -1 while its length is not there yet. */
  #frameBytes = -1;

  /** Received and not taken yet. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Whether a message has begun that is not whole. */
  get isInside(): boolean {
    return this.#sizeBytes > 0 || this.#frameBytes !== -1;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
  }

  /**
   * The next whole message without its length; a view of the chunk where it came in one.
   * @throws MalformedMessage a length below zero or above the limit
   */
  take(): Buffer | undefined {
    if (this.#frameBytes === -1) {
      if (this.#sizeBytes < 4) return undefined;
      const length = this.#cut(4).readInt32BE(0);
      if (length < 0 || length > frameLimitBytes) throw new MalformedMessage(`message of ${length} bytes`);
      this.#frameBytes = length;
    }
    if (this.#sizeBytes < this.#frameBytes) return undefined;
    const frame = this.#cut(this.#frameBytes);
    this.#frameBytes = -1;
    return frame;
  }

  #cut(lengthBytes: number): Buffer {
    this.#sizeBytes -= lengthBytes;
    const [first = Buffer.alloc(0)] = this.#chunks;
    if (first.length > lengthBytes) {
      this.#chunks[0] = first.subarray(lengthBytes);
      return first.subarray(0, lengthBytes);
    }
    if (first.length === lengthBytes) return this.#chunks.shift() ?? first;
    return this.#join(lengthBytes);
  }

  #join(lengthBytes: number): Buffer {
    // A slab of its own: a view into Node's shared pool would keep its neighbours alive while it waits for the disk.
    const joined = Buffer.allocUnsafeSlow(lengthBytes);
    let filled = 0;
    let used = 0;
    for (const chunk of this.#chunks) {
      const copied = chunk.copy(joined, filled);
      filled += copied;
      if (copied < chunk.length || filled === lengthBytes) {
        if (copied < chunk.length) this.#chunks[used] = chunk.subarray(copied);
        else used += 1;
        break;
      }
      used += 1;
    }
    this.#chunks.splice(0, used);
    return joined;
  }
}
