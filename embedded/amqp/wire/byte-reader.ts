import { isUtf8 } from "node:buffer";
import { AmqpError } from "./amqp-error.js";

/** Reads network-order fields from a frame's payload. @throws AmqpError 501 past the end, as RabbitMQ */
export class ByteReader {
  readonly bytes: Buffer;
  #offset: number;
  readonly #end: number;

  constructor(bytes: Buffer, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#offset = offset;
    this.#end = end;
  }

  get offset(): number {
    return this.#offset;
  }

  get done(): boolean {
    return this.#offset >= this.#end;
  }

  /** Moves on by so many bytes; where they began. */
  skip(length: number): number {
    const start = this.#offset;
    if (length > this.#end - start) throw new AmqpError(501, "arguments end before their last field");
    this.#offset = start + length;
    return start;
  }

  octet(): number {
    return this.bytes.readUInt8(this.skip(1));
  }

  short(): number {
    return this.bytes.readUInt16BE(this.skip(2));
  }

  long(): number {
    return this.bytes.readUInt32BE(this.skip(4));
  }

  longlong(): bigint {
    return this.bytes.readBigUInt64BE(this.skip(8));
  }

  slice(length: number): Buffer {
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  shortstr(): string {
    const bytes = this.slice(this.octet());
    if (!isUtf8(bytes)) throw new AmqpError(501, "a short string is not UTF-8");
    return bytes.toString("utf8");
  }

  longstr(): Buffer {
    return this.slice(this.long());
  }

  /** A reader of the next so many bytes. */
  within(length: number): ByteReader {
    const start = this.skip(length);
    return new ByteReader(this.bytes, start, start + length);
  }
}
