import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AmqpError } from "./amqp-error.js";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import { type Frame, FrameReader } from "./frame-reader.js";
import { contentFrames, methodFrame } from "./frame-writer.js";
import { decodeMethod, layouts } from "./method-codec.js";
import { decodeContentHeader, decodeProperties, encodeProperties, type Properties } from "./properties.js";
import { type Field, readTable, type Table, writeTable } from "./table.js";

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const shortstr = fc
  .string({ maxLength: 60, unit: "grapheme" })
  .filter((text) => Buffer.byteLength(text) < 256);
const signed = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const unsigned = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const { table } = fc.letrec<{ field: Field; table: Table }>((tie) => ({
  field: fc.oneof(
    { depthSize: "small" },
    fc.record({ type: fc.constant("t" as const), value: fc.boolean() }),
    fc.record({ type: fc.constant("b" as const), value: fc.integer({ min: -128, max: 127 }) }),
    fc.record({ type: fc.constant("B" as const), value: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ type: fc.constant("s" as const), value: fc.integer({ min: -32768, max: 32767 }) }),
    fc.record({ type: fc.constant("u" as const), value: fc.integer({ min: 0, max: 65535 }) }),
    fc.record({ type: fc.constant("I" as const), value: fc.integer() }),
    fc.record({ type: fc.constant("i" as const), value: fc.integer({ min: 0, max: 0xffffffff }) }),
    fc.record({ type: fc.constant("f" as const), value: fc.float({ noNaN: true }) }),
    fc.record({ type: fc.constant("d" as const), value: fc.double({ noNaN: true }) }),
    fc.record({ type: fc.constant("l" as const), value: signed }),
    fc.record({ type: fc.constantFrom("L" as const, "T" as const), value: unsigned }),
    fc.record({ type: fc.constantFrom("S" as const, "x" as const), value: bytes }),
    fc.record({
      type: fc.constant("D" as const),
      value: fc.uint8Array({ minLength: 5, maxLength: 5 }).map((array) => Buffer.from(array)),
    }),
    fc.record({ type: fc.constant("V" as const), value: fc.constant(null) }),
    fc.record({ type: fc.constant("A" as const), value: fc.array(tie("field"), { maxLength: 4 }) }),
    fc.record({ type: fc.constant("F" as const), value: tie("table") }),
  ) as fc.Arbitrary<Field>,
  table: fc
    .array(fc.tuple(shortstr, tie("field")), { maxLength: 5 })
    .map((entries): Table => new Map(entries)),
}));

const properties: fc.Arbitrary<Properties> = fc.record(
  {
    contentType: shortstr,
    headers: table,
    deliveryMode: fc.integer({ min: 0, max: 255 }),
    priority: fc.integer({ min: 0, max: 255 }),
    expiration: shortstr,
    timestamp: unsigned,
    userId: shortstr,
    clusterId: shortstr,
  },
  { requiredKeys: [] },
);

const argumentValues = {
  bit: fc.boolean(),
  octet: fc.integer({ min: 0, max: 255 }),
  short: fc.integer({ min: 0, max: 65535 }),
  long: fc.integer({ min: 0, max: 0xffffffff }),
  longlong: fc.maxSafeNat(),
  shortstr,
  longstr: bytes,
  table,
};

const method = fc
  .constantFrom(...layouts)
  .chain(({ name, fields }) =>
    fc
      .record(
        Object.fromEntries(fields.map(([key, type]) => [key, argumentValues[type] as fc.Arbitrary<unknown>])),
      )
      .map((values) => ({ name, arguments: { ...values } })),
  );

function readAll(chunks: readonly Buffer[], limitBytes = 131072): Frame[] {
  const reader = new FrameReader(limitBytes);
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  }
  return frames;
}

function cut(stream: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    chunks.push(stream.subarray(at, at + length));
    at += length;
  }
  return [...chunks, stream.subarray(at)];
}

/** Runs it; whatever it throws must be the protocol's own error. */
function throwsOnlyAmqpErrors(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(AmqpError);
  }
}

describe("field tables", () => {
  it("come back with their types, and are written again byte for byte", () => {
    fc.assert(
      fc.property(table, (original) => {
        const [first, second] = [new ByteWriter(), new ByteWriter()];
        writeTable(first, original);
        const read = readTable(new ByteReader(first.finish()));
        expect([...read]).toEqual([...original]);
        writeTable(second, read);
        expect(second.finish().equals(first.finish())).toBe(true);
      }),
    );
  });

  it("that are nested without end are refused", () => {
    let nested: Table = new Map();
    for (let depth = 0; depth < 40; depth += 1) nested = new Map([["in", { type: "F", value: nested }]]);
    const writer = new ByteWriter();
    writeTable(writer, nested);
    expect(() => readTable(new ByteReader(writer.finish()))).toThrow("nested deeper");
  });
});

describe("methods and properties", () => {
  it("every method comes back as it was written", () => {
    fc.assert(
      fc.property(method, fc.integer({ min: 0, max: 65535 }), (original, channel) => {
        const [frame, ...others] = readAll([methodFrame(channel, original.name, original.arguments)]);
        expect(others).toEqual([]);
        expect(frame?.channel).toBe(channel);
        expect(decodeMethod(frame?.payload ?? Buffer.alloc(0))).toEqual(original);
      }),
    );
  });

  it("properties come back as they were written", () => {
    fc.assert(
      fc.property(properties, (original) => {
        expect(decodeProperties(encodeProperties(original))).toEqual(original);
      }),
    );
  });

  it("a content comes back whole, in frames of the agreed size, however the stream is cut", () => {
    const chunkLengths = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 30 });
    fc.assert(
      fc.property(
        properties,
        fc.uint8Array({ maxLength: 20_000 }),
        chunkLengths,
        (props, content, lengths) => {
          const body = Buffer.from(content);
          const frames = contentFrames(
            1,
            { name: "basic.deliver", arguments: { consumerTag: "tag", deliveryTag: 7 } },
            { properties: encodeProperties(props), body, frameMaxBytes: 8192 },
          );
          const [deliver, header, ...pieces] = readAll(cut(frames, lengths), Math.max(8192, frames.length));
          expect(decodeMethod(deliver?.payload ?? body)).toMatchObject({ arguments: { deliveryTag: 7 } });
          const { bodySizeBytes, properties: bytesOfProperties } = decodeContentHeader(
            header?.payload ?? body,
          );
          expect(bodySizeBytes).toBe(body.length);
          expect(bytesOfProperties.equals(encodeProperties(props))).toBe(true);
          expect(pieces.every(({ payload }) => payload.length <= 8192 - 8)).toBe(true);
          expect(Buffer.concat(pieces.map(({ payload }) => payload)).equals(body)).toBe(true);
        },
      ),
    );
  });

  it("the same bytes give the same frames, however they are cut", () => {
    const chunkLengths = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.array(method, { maxLength: 6 }), chunkLengths, (sent, lengths) => {
        const stream = Buffer.concat(sent.map(({ name, arguments: values }) => methodFrame(1, name, values)));
        expect(readAll(cut(stream, lengths))).toEqual(readAll([stream]));
      }),
    );
  });
});

describe("garbage", () => {
  const garbage = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array));

  it("throws nothing but errors of the protocol", () => {
    fc.assert(
      fc.property(garbage, (noise) => {
        throwsOnlyAmqpErrors(() => readAll([noise]));
        throwsOnlyAmqpErrors(() => decodeMethod(noise));
        throwsOnlyAmqpErrors(() => decodeContentHeader(noise));
        throwsOnlyAmqpErrors(() => decodeProperties(noise));
        throwsOnlyAmqpErrors(() => readTable(new ByteReader(noise)));
      }),
      { numRuns: 2000 },
    );
  });

  it("in the arguments of a method throws nothing else either", () => {
    fc.assert(
      fc.property(fc.constantFrom(...layouts), garbage, ({ classId, methodId }, noise) => {
        const ids = Buffer.alloc(4);
        ids.writeUInt16BE(classId, 0);
        ids.writeUInt16BE(methodId, 2);
        throwsOnlyAmqpErrors(() => decodeMethod(Buffer.concat([ids, noise])));
      }),
      { numRuns: 2000 },
    );
  });

  it("a length that no frame may have is refused before it is waited for", () => {
    const header = Buffer.from([1, 0, 0, 0x7f, 0xff, 0xff, 0xff]);
    expect(() => readAll([header])).toThrow("FRAME_ERROR");
  });
});
