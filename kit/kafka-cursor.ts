/** Reads the numbers and texts of a record, one after the other; past the end it reads zeros. */
export class Cursor {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.at = start;
  }

  /** Zigzag, of at most 32 bits. */
  varint(): number {
    const bytes = this.#bytes;
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[this.at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
  }

  /** Zigzag, of at most 53 bits: the time since the first record of a batch. */
  varlong(): number {
    const bytes = this.#bytes;
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }

  skip(length: number): void {
    if (length > 0) this.at += length;
  }

  /** A negative length is null. */
  text(length: number): string | null {
    if (length < 0) return null;
    this.at += length;
    return this.#bytes.toString("utf8", this.at - length, this.at);
  }
}
