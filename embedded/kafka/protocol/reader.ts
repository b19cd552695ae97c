/** The bytes are not a message of the protocol; there is nobody to answer, so the connection ends. */
export class MalformedMessage extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedMessage";
  }
}

/** Elements of all arrays of one request: far above what clients of a thousand partitions send, and what is answered
 * to as many is still bearable. */
const elementLimit = 20_000;

/**
 * Reads the primitive types of the Kafka protocol guide ("Protocol Primitive Types"), classic encoding, from one
 * message. Every method throws {@link MalformedMessage} instead of reading past the end. Byte arrays are views of the
 * message.
 */
export class Reader {
  readonly #bytes: Buffer;
  #position = 0;
  #elementsLeft = elementLimit;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4));
  }

  /** What a number cannot hold exactly becomes the nearest safe integer: offsets and times that far off mean "none". */
  int64(): number {
    const start = this.#advance(8);
    const value = this.#bytes.readInt32BE(start) * 2 ** 32 + this.#bytes.readUInt32BE(start + 4);
    return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  string(): string {
    return notNull(this.nullableString());
  }

  nullableString(): string | null {
    return this.#text(this.int16());
  }

  bytes(): Buffer {
    return notNull(this.nullableBytes());
  }

  nullableBytes(): Buffer | null {
    const length = this.int32();
    if (length < -1) throw new MalformedMessage(`byte array of length ${length}`);
    if (length === -1) return null;
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  array<T>(readElement: () => T): T[] {
    return notNull(this.nullableArray(readElement));
  }

  nullableArray<T>(readElement: () => T): T[] | null {
    const count = this.int32();
    if (count < -1) throw new MalformedMessage(`array of ${count} elements`);
    if (count === -1) return null;
    this.#elementsLeft -= count;
    if (this.#elementsLeft < 0 || count > this.#left())
      throw new MalformedMessage(`array of ${count} elements`);
    const elements: T[] = [];
    for (let index = 0; index < count; index += 1) elements.push(readElement());
    return elements;
  }

  /** Flexible versions: an unsigned varint that is one more than the length. */
  compactString(): string {
    return notNull(this.#text(this.#unsignedVarint() - 1));
  }

  /** Flexible versions: fields that older readers pass over. */
  skipTaggedFields(): void {
    for (let left = this.#unsignedVarint(); left > 0; left -= 1) {
      this.#unsignedVarint();
      this.#advance(this.#unsignedVarint());
    }
  }

  #unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#advance(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedMessage("varint of more than 5 bytes");
  }

  #text(length: number): string | null {
    if (length < -1) throw new MalformedMessage(`string of length ${length}`);
    if (length === -1) return null;
    const start = this.#advance(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  #left(): number {
    return this.#bytes.length - this.#position;
  }

  /** @returns where the value begins */
  #advance(length: number): number {
    if (length > this.#left()) throw new MalformedMessage(`${length} bytes announced, ${this.#left()} left`);
    const start = this.#position;
    this.#position += length;
    return start;
  }
}

function notNull<T>(value: T | null): T {
  if (value === null) throw new MalformedMessage("null where the protocol has none");
  return value;
}
