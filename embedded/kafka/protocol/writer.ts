const pieceSizeBytes = 512;

/**
 * Writes the primitive types of the Kafka protocol guide, classic encoding. Large byte arrays are not copied: the
 * message comes out as a list of pieces.
 */
export class Writer {
  #finished: Buffer[] = [];
  #piece = Buffer.allocUnsafe(pieceSizeBytes);
  #start = 0;
  #position = 0;

  int8(value: number): this {
    this.#position = this.#reserve(1).writeInt8(value, this.#position);
    return this;
  }

  int16(value: number): this {
    this.#position = this.#reserve(2).writeInt16BE(value, this.#position);
    return this;
  }

  int32(value: number): this {
    this.#position = this.#reserve(4).writeInt32BE(value, this.#position);
    return this;
  }

  /** @param value a safe integer */
  int64(value: number): this {
    return this.int32(Math.floor(value / 2 ** 32)).int32(value | 0);
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    this.int16(length);
    this.#reserve(length).write(value, this.#position, "utf8");
    this.#position += length;
    return this;
  }

  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value);
  }

  /** Keeps the buffer itself: it must not change until the message has been sent. */
  bytes(value: Buffer): this {
    this.int32(value.length);
    if (value.length > 0) {
      this.#closePiece();
      this.#finished.push(value);
    }
    return this;
  }

  array<T>(elements: readonly T[], writeElement: (element: T) => void): this {
    this.int32(elements.length);
    for (const element of elements) writeElement(element);
    return this;
  }

  /** Flexible versions: an unsigned varint that is one more than the count. */
  compactArray<T>(elements: readonly T[], writeElement: (element: T) => void): this {
    this.#unsignedVarint(elements.length + 1);
    for (const element of elements) writeElement(element);
    return this;
  }

  noTaggedFields(): this {
    return this.#unsignedVarint(0);
  }

  /** The message in pieces; the writer is used up. */
  finish(): Buffer[] {
    this.#closePiece();
    return this.#finished;
  }

  #unsignedVarint(value: number): this {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.int8((((rest & 0x7f) | 0x80) << 24) >> 24);
    return this.int8(rest);
  }

  #reserve(length: number): Buffer {
    if (this.#position + length > this.#piece.length) {
      this.#closePiece();
      this.#piece = Buffer.allocUnsafe(Math.max(length, pieceSizeBytes));
      this.#start = 0;
      this.#position = 0;
    }
    return this.#piece;
  }

  #closePiece(): void {
    if (this.#position > this.#start) this.#finished.push(this.#piece.subarray(this.#start, this.#position));
    this.#start = this.#position;
  }
}
