import { AmqpError } from "./amqp-error.js";
import { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import { methods } from "./methods.js";
import { emptyTable, readTable, type Table, writeTable } from "./table.js";

interface ArgumentTypes {
  bit: boolean;
  octet: number;
  short: number;
  long: number;
  /** Delivery tags only: they stay below 2^53. */
  longlong: number;
  shortstr: string;
  longstr: Buffer;
  table: Table;
}

export type MethodName = keyof typeof methods;

/** "queue:shortstr noWait" as { queue: string; noWait: boolean }. */
type Fields<Text extends string> = Text extends `${infer First} ${infer Rest}`
  ? Field<First> & Fields<Rest>
  : Field<Text>;
type Field<Text extends string> = Text extends `${infer Name}:${infer Type extends keyof ArgumentTypes}`
  ? { readonly [Key in Name]: ArgumentTypes[Type] }
  : { readonly [Key in Text]: boolean };

export type MethodArguments<Name extends MethodName> =
  (typeof methods)[Name] extends `${number} ${number} ${infer Text}` ? Fields<Text> : Record<never, never>;

export type Method = { [Name in MethodName]: { name: Name; arguments: MethodArguments<Name> } }[MethodName];

interface Layout {
  readonly name: MethodName;
  readonly classId: number;
  readonly methodId: number;
  readonly fields: readonly (readonly [string, keyof ArgumentTypes])[];
}

export const layouts: readonly Layout[] = Object.entries(methods).map(([name, text]) => {
  const [classId, methodId, ...fields] = text.split(" ");
  return {
    name: name as MethodName,
    classId: Number(classId),
    methodId: Number(methodId),
    fields: fields.map((field) => {
      const [key = "", type = "bit"] = field.split(":");
      return [key, type as keyof ArgumentTypes];
    }),
  };
});
const layoutsById = new Map(layouts.map((layout) => [layout.classId * 65536 + layout.methodId, layout]));
const layoutsByName = new Map(layouts.map((layout) => [layout.name, layout]));

const readers = {
  octet: (reader: ByteReader) => reader.octet(),
  short: (reader: ByteReader) => reader.short(),
  long: (reader: ByteReader) => reader.long(),
  longlong: (reader: ByteReader) => Number(reader.longlong()),
  shortstr: (reader: ByteReader) => reader.shortstr(),
  longstr: (reader: ByteReader) => reader.longstr(),
  table: (reader: ByteReader) => readTable(reader),
};

const writers: { [Type in keyof typeof readers]: (writer: ByteWriter, value: ArgumentTypes[Type]) => void } =
  {
    octet: (writer, value) => writer.octet(value),
    short: (writer, value) => writer.short(value),
    long: (writer, value) => writer.long(value),
    longlong: (writer, value) => writer.longlong(BigInt(value)),
    shortstr: (writer, value) => writer.shortstr(value),
    longstr: (writer, value) => writer.longstr(value),
    table: (writer, value) => writeTable(writer, value),
  };

const emptyValues: ArgumentTypes = {
  bit: false,
  octet: 0,
  short: 0,
  long: 0,
  longlong: 0,
  shortstr: "",
  longstr: Buffer.alloc(0),
  table: emptyTable,
};

/** Class and method id of a method, for the close methods. */
export function methodIds(name: MethodName | undefined): { classId: number; methodId: number } {
  const layout = name === undefined ? undefined : layoutsByName.get(name);
  return { classId: layout?.classId ?? 0, methodId: layout?.methodId ?? 0 };
}

/** The payload of a method frame. @throws AmqpError 540 for an unknown method, 501 for malformed arguments */
export function decodeMethod(payload: Buffer): Method {
  const reader = new ByteReader(payload);
  const classId = reader.short();
  const methodId = reader.short();
  const layout = layoutsById.get(classId * 65536 + methodId);
  if (layout === undefined) throw new AmqpError(540, `method ${classId}.${methodId} is unknown`);
  const values: Record<string, unknown> = {};
  let bits = 0;
  let bitsRead = 0;
  for (const [name, type] of layout.fields) {
    if (type === "bit") {
      // Consecutive bits share an octet, the first one is the lowest; no method has more than eight.
      if (bitsRead === 0) bits = reader.octet();
      values[name] = ((bits >> bitsRead) & 1) === 1;
      bitsRead += 1;
    } else {
      values[name] = readers[type](reader);
      bitsRead = 0;
    }
  }
  if (!reader.done) throw new AmqpError(501, `bytes after the last argument of ${layout.name}`);
  return { name: layout.name, arguments: values } as Method;
}

/** Writes ids and arguments; what is left out is zero or empty. */
export function writeMethod<Name extends MethodName>(
  writer: ByteWriter,
  name: Name,
  values: Partial<MethodArguments<Name>>,
): void {
  const layout = layoutsByName.get(name) as Layout;
  writer.short(layout.classId);
  writer.short(layout.methodId);
  let bits = 0;
  let bitCount = 0;
  for (const [key, type] of layout.fields) {
    const value = (values as Record<string, unknown>)[key] ?? emptyValues[type];
    if (type === "bit") {
      if (value === true) bits |= 1 << bitCount;
      bitCount += 1;
      continue;
    }
    if (bitCount > 0) writer.octet(bits);
    bits = bitCount = 0;
    (writers[type] as (writer: ByteWriter, value: unknown) => void)(writer, value);
  }
  if (bitCount > 0) writer.octet(bits);
}
