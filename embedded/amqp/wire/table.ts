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

interface Codec {
  read(reader: ByteReader, depth: number): unknown;
  write(writer: ByteWriter, value: never): void;
}

function number(
  size: number,
  name: "Int8" | "UInt8" | "Int16BE" | "UInt16BE" | "Int32BE" | "UInt32BE" | "FloatBE" | "DoubleBE",
): Codec {
  return {
    read: (reader) => reader.bytes[`read${name}`](reader.skip(size)),
    write: (writer, value: number) => {
      const bytes = Buffer.alloc(size);
      bytes[`write${name}`](value);
      writer.raw(bytes);
    },
  };
}

const text: Codec = {
  read: (reader) => reader.longstr(),
  write: (writer, value: Buffer) => writer.longstr(value),
};
const unsigned64: Codec = {
  read: (reader) => reader.longlong(),
  write: (writer, value: bigint) => writer.longlong(value),
};

const codecs: Readonly<Record<Field["type"], Codec>> = {
  b: number(1, "Int8"),
  B: number(1, "UInt8"),
  s: number(2, "Int16BE"),
  u: number(2, "UInt16BE"),
  I: number(4, "Int32BE"),
  i: number(4, "UInt32BE"),
  f: number(4, "FloatBE"),
  d: number(8, "DoubleBE"),
  S: text,
  x: text,
  L: unsigned64,
  T: unsigned64,
  l: {
    read: (reader) => BigInt.asIntN(64, reader.longlong()),
    write: (writer, value: bigint) => writer.longlong(BigInt.asUintN(64, value)),
  },
  t: {
    read: (reader) => reader.octet() !== 0,
    write: (writer, value: boolean) => writer.octet(value ? 1 : 0),
  },
  D: { read: (reader) => reader.slice(5), write: (writer, value: Buffer) => writer.raw(value) },
  F: { read: readTable, write: writeTable },
  A: {
    read: (reader, depth) => {
      const inside = reader.within(reader.long());
      const value: Field[] = [];
      while (!inside.done) value.push(readField(inside, depth + 1));
      return value;
    },
    write: (writer, value: readonly Field[]) => {
      writer.sized(() => {
        for (const entry of value) writeField(writer, entry);
      });
    },
  },
  V: { read: () => null, write: () => {} },
};

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
  if (!Object.hasOwn(codecs, type)) throw new AmqpError(501, `field type ${type.charCodeAt(0)} is unknown`);
  return { type, value: codecs[type as Field["type"]].read(reader, depth) } as Field;
}

export function writeTable(writer: ByteWriter, table: Table): void {
  writer.sized(() => {
    for (const [name, field] of table) {
      writer.shortstr(name);
      writeField(writer, field);
    }
  });
}

function writeField(writer: ByteWriter, field: Field): void {
  writer.octet(field.type.charCodeAt(0));
  codecs[field.type].write(writer, field.value as never);
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
