import fc from "fast-check";
import * as apiTable from "../../contract/kafka/wire/apis.js";
import { buildBatch } from "../../contract/kafka/wire/record-batch.js";
import { encode, integer, type Schema } from "../../contract/kafka/wire/schema.js";
import { mutated, randomBytes } from "./mutations.js";

const apis = Object.values(apiTable) as { key: number; version: number; request: Schema }[];
const name = fc.constantFrom("fuzz", "fuzz-2", "", "a".repeat(300), "é.\0", "..");
const smallNumber = fc.constantFrom(-2, -1, 0, 1, 2, 100, 0x7fff, 0x7fffffff);

const batch = fc
  .record({
    values: fc.array(fc.string({ maxLength: 20 }), { maxLength: 5 }),
    producerId: fc.constantFrom(-1, 0, 1000),
    producerEpoch: fc.constantFrom(-1, 0),
    baseSequence: fc.constantFrom(-1, 0, 0x7fffffff),
  })
  .map(buildBatch);

/** Values of the shape that the API has, of which few make sense. */
function createValue(schema: Schema): fc.Arbitrary<unknown> {
  if (schema === "bool") return fc.nat(1);
  if (schema === "string") return name;
  if (schema === "nullableString") return fc.option(name);
  if (schema === "bytes") return fc.option(fc.oneof(mutated(batch), batch, randomBytes));
  if (typeof schema === "string") {
    const limit = { i8: 0x7f, i16: 0x7fff, i32: 0x7fffffff, i64: 0x7fffffff }[schema];
    return smallNumber.map((value) => Math.min(value, limit));
  }
  if (Array.isArray(schema)) return fc.array(createValue(schema[0] as Schema), { maxLength: 3 });
  return fc.record(
    Object.fromEntries(Object.entries(schema).map(([key, inner]) => [key, createValue(inner as Schema)])),
  );
}

const known = fc.constantFrom(...apis).chain(({ key, version, request }) =>
  fc.record({
    key: fc.constant(key),
    version: fc.oneof({ weight: 9, arbitrary: fc.constant(version) }, fc.integer({ min: -1, max: 20 })),
    body: mutated(createValue(request).map((value) => encode(request, value as never))),
  }),
);
const unknown = fc.record({
  key: fc.integer({ min: -0x8000, max: 0x7fff }),
  version: fc.integer({ min: -0x8000, max: 0x7fff }),
  body: randomBytes,
});

const request = fc.oneof({ weight: 8, arbitrary: known }, unknown).map(({ key, version, body }) => {
  const header = [integer("i16", key), integer("i16", version), integer("i32", 7), integer("i16", -1)];
  const message = Buffer.concat([...header, body]);
  return Buffer.concat([integer("i32", message.length), message]);
});

/** What is written to one connection. */
export const kafkaAttack: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 1, arbitrary: randomBytes },
  { weight: 2, arbitrary: mutated(request) },
  { weight: 6, arbitrary: fc.array(request, { minLength: 1, maxLength: 5 }).map(Buffer.concat) },
);
