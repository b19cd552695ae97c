import { isDeepStrictEqual } from "node:util";
import { AmqpError } from "../wire/amqp-error.js";
import { type Field, plainValue, type Table } from "../wire/table.js";

/** How RabbitMQ names the types of field values. */
const typeNames: Readonly<Record<string, string>> = {
  S: "longstr",
  I: "signedint",
  l: "long",
  t: "bool",
  d: "double",
  f: "float",
  b: "byte",
  B: "unsignedbyte",
  s: "short",
  u: "unsignedshort",
  i: "unsignedint",
  A: "array",
  F: "table",
};

/** Said or not, it is the same. */
const defaults: Readonly<Record<string, unknown>> = { "x-queue-type": "classic" };

interface Subject {
  /** "queue 'orders' in vhost '/'" */
  readonly title: string;
  readonly arguments: Table;
}

export function queueTitle(name: string): string {
  return `queue '${name}' in vhost '/'`;
}

export function exchangeTitle(name: string): string {
  return `exchange '${name}' in vhost '/'`;
}

/** @throws AmqpError 406 when a second declare does not say what the first one said */
export function assertSame(title: string, received: object, current: object): void {
  for (const [name, value] of Object.entries(received)) {
    const now = (current as Record<string, unknown>)[name];
    if (value === now) continue;
    throw new AmqpError(
      406,
      `inequivalent arg '${name}' for ${title}: received '${value}' but current is '${now}'`,
    );
  }
}

/** @throws AmqpError 406 when one of these arguments differs; a number's width does not matter */
export function assertSameArguments(subject: Subject, current: Table, names: readonly string[]): void {
  for (const name of names) {
    const [received, now] = [subject.arguments.get(name), current.get(name)];
    const [receivedValue, nowValue] = [received, now].map((field) =>
      field === undefined ? defaults[name] : plainValue(field),
    );
    if (isDeepStrictEqual(receivedValue, nowValue)) continue;
    throw new AmqpError(
      406,
      `inequivalent arg '${name}' for ${subject.title}: received ${describe(received)} but current is ${describe(now)}`,
    );
  }
}

function describe(field: Field | undefined): string {
  if (field === undefined) return "none";
  return `the value '${plainValue(field)}' of type '${typeNames[field.type] ?? field.type}'`;
}
