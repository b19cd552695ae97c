import { AmqpError } from "./amqp-error.js";

export const frameTypes = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;

export interface Frame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
}

const headerBytes = 7;
/** Type, channel, size and the closing octet. */
export const frameOverheadBytes = headerBytes + 1;
export const frameEnd = 0xce;

/** Cuts a stream of chunks into frames. Each byte is copied at most twice, whatever the chunks. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** So many bytes must be there before there is something to do. */
  #needed = headerBytes;
  #limitBytes: number;

  /** @param limitBytes largest frame, overhead included */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  set limitBytes(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Exactly so many bytes; undefined until they are there. */
  take(length: number): Buffer | undefined {
    if (this.#bytes < length) return undefined;
    const bytes = this.#front(length);
    this.#advance(length);
    return bytes.subarray(0, length);
  }

  /** @throws AmqpError 501 for a frame that is too large, of an unknown type or not closed */
  next(): Frame | undefined {
    if (this.#bytes < this.#needed) return undefined;
    const front = this.#front(this.#needed);
    const type = front.readUInt8(0);
    const size = front.readUInt32BE(3);
    if (type !== 1 && type !== 2 && type !== 3 && type !== 8)
      throw new AmqpError(501, `type ${type} is unknown`);
    const total = size + frameOverheadBytes;
    if (total > this.#limitBytes) {
      throw new AmqpError(501, `frame of ${total} bytes, the negotiated maximum is ${this.#limitBytes}`);
    }
    if (this.#bytes < total) {
      this.#needed = total;
      return undefined;
    }
    const whole = this.#front(total);
    if (whole[total - 1] !== frameEnd) throw new AmqpError(501, "the frame does not end with 0xCE");
    this.#advance(total);
    this.#needed = headerBytes;
    return {
      type,
      channel: whole.readUInt16BE(1),
      payload: whole.subarray(headerBytes, total - 1),
    };
  }

  /** A first chunk of at least so many bytes, joined from several only when it must be. */
  #front(length: number): Buffer {
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= length) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #advance(length: number): void {
    const first = this.#chunks[0] as Buffer;
    this.#bytes -= length;
    if (first.length === length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(length);
  }
}
