import { AmqpError } from "./amqp-error.js";

/** Collects network-order fields in a buffer that grows. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Makes room; where it begins. */
  #grow(length: number): number {
    const start = this.#length;
    if (start + length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, start + length));
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
    }
    this.#length = start + length;
    return start;
  }

  octet(value: number): void {
    const at = this.#grow(1);
    this.#bytes.writeUInt8(value, at);
  }

  short(value: number): void {
    const at = this.#grow(2);
    this.#bytes.writeUInt16BE(value, at);
  }

  long(value: number): void {
    const at = this.#grow(4);
    this.#bytes.writeUInt32BE(value, at);
  }

  longlong(value: bigint): void {
    const at = this.#grow(8);
    this.#bytes.writeBigUInt64BE(value, at);
  }

  raw(value: Uint8Array): void {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
  }

  /** @throws AmqpError 502 over 255 bytes */
  shortstr(value: string): void {
    const length = Buffer.byteLength(value);
    if (length > 255) throw new AmqpError(502, "a short string is longer than 255 bytes");
    this.octet(length);
    const at = this.#grow(length);
    this.#bytes.write(value, at, "utf8");
  }

  longstr(value: Uint8Array): void {
    this.long(value.length);
    this.raw(value);
  }

  /** Writes a length in front of what `write` writes. */
  sized(write: () => void): void {
    const at = this.#grow(4);
    write();
    this.#bytes.writeUInt32BE(this.#length - at - 4, at);
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
