import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedMessage, Reader } from "./reader.js";
import { Writer } from "./writer.js";

const int = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
const bytes = fc.uint8Array({ maxLength: 2000 }).map((array) => Buffer.from(array));

/** A value, how it is written, and how it is read. */
const fields = {
  int8: int(8),
  int16: int(16),
  int32: int(32),
  int64: fc.maxSafeInteger(),
  boolean: fc.boolean(),
  string: fc.string({ unit: "grapheme", maxLength: 700 }),
  nullableString: fc.option(fc.string({ unit: "grapheme" })),
  bytes,
};
type Kind = keyof typeof fields;
const field = fc.oneof(
  ...(Object.keys(fields) as Kind[]).map((kind) =>
    (fields[kind] as fc.Arbitrary<unknown>).map((value) => ({ kind, value })),
  ),
);

function write(writer: Writer, kind: Kind, value: unknown): void {
  (writer[kind] as (value: unknown) => Writer)(value);
}

describe("the codec", () => {
  it("reads what it wrote, whatever the order of the fields", () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 60 }), (message) => {
        const writer = new Writer();
        for (const { kind, value } of message) write(writer, kind, value);
        const reader = new Reader(Buffer.concat(writer.finish()));
        for (const { kind, value } of message) expect(reader[kind]()).toEqual(value);
        expect(() => reader.int8()).toThrow(MalformedMessage);
      }),
    );
  });

  it("reads arrays, null among them", () => {
    const writer = new Writer();
    writer.array([1, 2, 3], (value) => writer.int64(value)).int32(-1);
    const reader = new Reader(Buffer.concat(writer.finish()));
    expect(reader.array(() => reader.int64())).toEqual([1, 2, 3]);
    expect(reader.nullableArray(() => reader.int64())).toBeNull();
  });

  it("does not copy byte arrays on the way out", () => {
    const records = Buffer.alloc(100_000, 1);
    expect(new Writer().int32(1).bytes(records).int32(2).finish()).toContain(records);
  });

  it("reads or refuses any bytes, and never anything else", () => {
    const reads = [
      (reader: Reader) => reader.string(),
      (reader: Reader) => reader.nullableString(),
      (reader: Reader) => reader.bytes(),
      (reader: Reader) => reader.compactString(),
      (reader: Reader) => reader.skipTaggedFields(),
      (reader: Reader) => reader.array(() => reader.array(() => reader.string())),
      (reader: Reader) => reader.nullableArray(() => reader.int64()),
      (reader: Reader) => reader.int64(),
    ];
    fc.assert(
      fc.property(bytes, fc.array(fc.constantFrom(...reads), { maxLength: 20 }), (garbage, plan) => {
        const reader = new Reader(garbage);
        try {
          for (const read of plan) read(reader);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["a count above what is left", [0, 0, 1, 0, 1, 2]],
    ["a count below -1", [255, 255, 255, 254]],
    ["null where there is none", [255, 255, 255, 255]],
  ])("refuses %s", (_, content) => {
    const reader = new Reader(Buffer.from(content));
    expect(() => reader.array(() => reader.int8())).toThrow(MalformedMessage);
  });

  it("refuses more elements than any client sends, also spread over inner arrays", () => {
    const inner = new Writer().array(Array(5000).fill(0), () => {});
    const body = Buffer.concat([...inner.finish(), Buffer.alloc(5000)]);
    const reader = new Reader(Buffer.concat([...new Writer().int32(5).finish(), ...Array(5).fill(body)]));
    expect(() => reader.array(() => reader.array(() => reader.int8()))).toThrow("array of 5000 elements");
  });

  it("takes an int64 that is no safe integer as the nearest one", () => {
    expect(new Reader(Buffer.from("7fffffffffffffff", "hex")).int64()).toBe(Number.MAX_SAFE_INTEGER);
    expect(new Reader(Buffer.from("8000000000000000", "hex")).int64()).toBe(Number.MIN_SAFE_INTEGER);
  });
});
