import { AmqpError } from "./amqp-error.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";

/**
 * A value with the type letter that it came in under (RabbitMQ's field types, which differ from the specification's),
 * so that what is written again is what was read.
 */
export type Field =
  | { readonly type: "t"; readonly value: boolean }
  | { readonly type: NumberType; readonly value: number }
  | { readonly type: "l" | "L" | "T"; readonly value: bigint }
  | { readonly type: "S" | "x" | "D"; readonly value: Buffer }
  | { readonly type: "A"; readonly value: readonly Field[] }
  | { readonly type: "F"; readonly value: Table }
  | { readonly type: "V"; readonly value: null };

type NumberType = "b" | "B" | "s" | "u" | "I" | "i" | "f" | "d";

/** In the order that it came in. */
export type Table = ReadonlyMap<string, Field>;

export const emptyTable: Table = new Map();

/** A frame bounds the size; this bounds the recursion. */
const depthLimit = 32;

const numbers: Record<
  NumberType,
  { size: number; read: (bytes: Buffer, at: number) => number; write: (b: Buffer, v: number) => void }
> = {
  b: { size: 1, read: (bytes, at) => bytes.readInt8(at), write: (b, v) => b.writeInt8(v) },
  B: { size: 1, read: (bytes, at) => bytes.readUInt8(at), write: (b, v) => b.writeUInt8(v) },
  s: { size: 2, read: (bytes, at) => bytes.readInt16BE(at), write: (b, v) => b.writeInt16BE(v) },
  u: { size: 2, read: (bytes, at) => bytes.readUInt16BE(at), write: (b, v) => b.writeUInt16BE(v) },
  I: { size: 4, read: (bytes, at) => bytes.readInt32BE(at), write: (b, v) => b.writeInt32BE(v) },
  i: { size: 4, read: (bytes, at) => bytes.readUInt32BE(at), write: (b, v) => b.writeUInt32BE(v) },
  f: { size: 4, read: (bytes, at) => bytes.readFloatBE(at), write: (b, v) => b.writeFloatBE(v) },
  d: { size: 8, read: (bytes, at) => bytes.readDoubleBE(at), write: (b, v) => b.writeDoubleBE(v) },
};

function isNumberType(type: string): type is NumberType {
  return Object.hasOwn(numbers, type);
}

/** A field table with its length. @throws AmqpError 501 when malformed or nested deeper than 32 */
export function readTable(reader: ByteReader, depth = 0): Table {
  const inside = reader.within(reader.long());
  if (inside.done) return emptyTable;
  const table = new Map<string, Field>();
  while (!inside.done) table.set(inside.shortstr(), readField(inside, depth + 1));
  return table;
}

function readField(reader: ByteReader, depth: number): Field {
  if (depth > depthLimit) throw new AmqpError(501, `a table is nested deeper than ${depthLimit}`);
  const type = String.fromCharCode(reader.octet());
  if (isNumberType(type)) {
    const { size, read } = numbers[type];
    return { type, value: read(reader.bytes, reader.skip(size)) };
  }
  switch (type) {
    case "S":
    case "x":
      return { type, value: reader.longstr() };
    case "t":
      return { type, value: reader.octet() !== 0 };
    case "l":
      return { type, value: BigInt.asIntN(64, reader.longlong()) };
    case "L":
    case "T":
      return { type, value: reader.longlong() };
    case "D":
      return { type, value: reader.slice(5) };
    case "F":
      return { type, value: readTable(reader, depth) };
    case "A": {
      const inside = reader.within(reader.long());
      const value: Field[] = [];
      while (!inside.done) value.push(readField(inside, depth + 1));
      return { type, value };
    }
    case "V":
      return { type, value: null };
    default:
      throw new AmqpError(501, `field type ${type.charCodeAt(0)} is unknown`);
  }
}

export function writeTable(writer: ByteWriter, table: Table): void {
  writer.sized(() => {
    for (const [name, field] of table) {
      writer.shortstr(name);
      writeField(writer, field);
    }
  });
}

const fieldWriters: { [Type in Field["type"]]?: (writer: ByteWriter, value: never) => void } = {
  S: (writer, value: Buffer) => writer.longstr(value),
  x: (writer, value: Buffer) => writer.longstr(value),
  D: (writer, value: Buffer) => writer.raw(value),
  t: (writer, value: boolean) => writer.octet(value ? 1 : 0),
  l: (writer, value: bigint) => writer.longlong(BigInt.asUintN(64, value)),
  L: (writer, value: bigint) => writer.longlong(value),
  T: (writer, value: bigint) => writer.longlong(value),
  F: writeTable,
  A: (writer, value: readonly Field[]) => {
    writer.sized(() => {
      for (const entry of value) writeField(writer, entry);
    });
  },
  V: () => {},
};

function writeField(writer: ByteWriter, field: Field): void {
  writer.octet(field.type.charCodeAt(0));
  if (isNumberType(field.type)) {
    const { size, write } = numbers[field.type];
    const bytes = Buffer.alloc(size);
    write(bytes, field.value as number);
    writer.raw(bytes);
  } else {
    fieldWriters[field.type]?.(writer, field.value as never);
  }
}

export function textField(text: string): Field {
  return { type: "S", value: Buffer.from(text) };
}

export function longField(value: number): Field {
  return { type: "l", value: BigInt(value) };
}

/** The text of a string field; undefined for any other. */
export function fieldText(field: Field | undefined): string | undefined {
  return field?.type === "S" ? field.value.toString("utf8") : undefined;
}

/** The number of a whole-number field; undefined for any other. */
export function fieldInteger(field: Field | undefined): number | undefined {
  if (field?.type === "l" || field?.type === "L") return Number(field.value);
  return field !== undefined && /^[bBsuIi]$/.test(field.type) ? (field.value as number) : undefined;
}

/** What the value means, whatever its letter: numbers of any width, bytes as text, a timestamp as Date. */
export function plainValue(field: Field): unknown {
  switch (field.type) {
    case "S":
    case "x":
      return field.value.toString("utf8");
    case "D":
      return field.value.toString("hex");
    case "l":
    case "L":
      return Number.isSafeInteger(Number(field.value)) ? Number(field.value) : field.value.toString();
    case "T":
      return new Date(Number(field.value) * 1000);
    case "F":
      return plainTable(field.value);
    case "A":
      return field.value.map(plainValue);
    default:
      return field.value;
  }
}

export function plainTable(table: Table): Record<string, unknown> {
  return Object.fromEntries([...table].map(([name, field]) => [name, plainValue(field)]));
}

/** A table of JSON values, as RabbitMQ reads arguments in definitions. */
export function tableOf(values: Readonly<Record<string, unknown>>): Table {
  return new Map(Object.entries(values).map(([name, value]) => [name, fieldOf(value)]));
}

function fieldOf(value: unknown): Field {
  if (typeof value === "boolean") return { type: "t", value };
  if (typeof value === "number") return Number.isSafeInteger(value) ? longField(value) : { type: "d", value };
  if (Array.isArray(value)) return { type: "A", value: value.map(fieldOf) };
  if (typeof value === "object" && value !== null) return { type: "F", value: tableOf({ ...value }) };
  return value === null || value === undefined ? { type: "V", value: null } : textField(String(value));
}
