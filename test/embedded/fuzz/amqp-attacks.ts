import fc from "fast-check";
import { contentFrames, methodFrame } from "../../../embedded/amqp/wire/frame-writer.js";
import { layouts } from "../../../embedded/amqp/wire/method-codec.js";
import { encodeProperties } from "../../../embedded/amqp/wire/properties.js";
import { type Field, type Table, tableOf } from "../../../embedded/amqp/wire/table.js";
import {
  emptyTable,
  frame,
  longString,
  method,
  protocolHeader,
  shortString,
  uint16,
  uint32,
} from "../../contract/amqp/raw-amqp.js";
import { account } from "../support/runtime-process.js";
import { mutated, randomBytes } from "./mutations.js";

const name = fc.constantFrom("fuzz", "fuzz-2", "", "amq.topic", "a".repeat(255), "#.*.#", "é\0");
const value = fc.constantFrom<unknown>(-1, 0, 1, 1e15, 0.5, "", "stream", "quorum", "drop-head", true, null, [
  [],
]);
const argumentName = fc.constantFrom(
  "x-queue-type",
  "x-max-length",
  "x-max-length-bytes",
  "x-message-ttl",
  "x-expires",
  "x-dead-letter-exchange",
  "x-overflow",
  "x-max-age",
  "x-stream-offset",
  "x-match",
  "alternate-exchange",
);
const table = fc.dictionary(argumentName, value, { maxKeys: 3 }).map(tableOf);

const argument = {
  bit: fc.boolean(),
  octet: fc.nat(255),
  short: fc.constantFrom(0, 1, 0xffff),
  long: fc.constantFrom(0, 1, 0x7fffffff, 0xffffffff),
  longlong: fc.constantFrom(0, 1, 2, Number.MAX_SAFE_INTEGER),
  shortstr: name,
  longstr: name.map((text) => Buffer.from(text)),
  table,
} as const;

const channel = fc.constantFrom(1, 1, 1, 1, 0, 2, 2047, 0xffff);

const someMethod = fc.constantFrom(...layouts).chain(({ name: methodName, fields }) => {
  const values = fc.record(Object.fromEntries(fields.map(([key, type]) => [key, argument[type]])));
  return fc.tuple(channel, values).map(([number, given]) => methodFrame(number, methodName, given as never));
});
const publish = fc
  .record({ exchange: name, body: randomBytes, headers: table, number: channel })
  .map(({ exchange, body, headers, number }) =>
    contentFrames(
      number,
      { name: "basic.publish", arguments: { exchange, routingKey: "fuzz" } },
      { properties: encodeProperties({ headers, deliveryMode: 2 }), body, frameMaxBytes: 131_072 },
    ),
  );
const frames = fc.array(fc.oneof(someMethod, mutated(someMethod), publish, mutated(publish)), {
  maxLength: 8,
});

/** A valid login, and channel 1. */
export const login = [
  protocolHeader,
  method(
    0,
    "startOk",
    emptyTable,
    shortString("PLAIN"),
    longString(`\0${account.user}\0${account.password}`),
    shortString("en_US"),
  ),
  method(0, "tuneOk", uint16(2047), uint32(131_072), uint16(0)),
  method(0, "open", shortString("/"), shortString(""), Buffer.from([0])),
  method(1, "channelOpen", shortString("")),
];

/** A queue with a table in a table in a table as its arguments. */
function nested(depth: number): Buffer {
  let inner: Field = { type: "F", value: new Map() as Table };
  for (let level = 0; level < depth; level += 1) inner = { type: "F", value: new Map([["a", inner]]) };
  return methodFrame(1, "queue.declare", { queue: "fuzz", arguments: new Map([["deep", inner]]) });
}

const crafted = fc.constantFrom(
  nested(31),
  nested(1000),
  Buffer.concat([Buffer.from([1]), uint16(1), uint32(0x7fffffff)]),
  Buffer.concat([Buffer.from([3]), uint16(1), uint32(0xffffffff)]),
  frame(1, 1, Buffer.concat([uint16(999), uint16(999)])),
  frame(2, 1, Buffer.concat([uint16(60), uint16(0), uint32(0x7fffffff), uint32(0xffffffff), uint16(0)])),
  frame(77, 1, Buffer.alloc(0)),
);

/** What is written to one connection. */
export const amqpAttack: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 1, arbitrary: randomBytes },
  { weight: 1, arbitrary: mutated(fc.constant(Buffer.concat(login))) },
  { weight: 6, arbitrary: frames.map((sent) => Buffer.concat([...login, ...sent])) },
  { weight: 1, arbitrary: crafted.map((sent) => Buffer.concat([...login, sent])) },
);
