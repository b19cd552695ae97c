import type { QueueKind } from "../queues/queue.js";
import { AmqpError } from "../wire/amqp-error.js";
import { fieldInteger, fieldText, type Table, textField } from "../wire/table.js";
import { queueTitle } from "./equivalence.js";

/** What queue.declare asks for. */
export interface QueueSpec {
  readonly name: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: Table;
}

const kinds: readonly QueueKind[] = ["classic", "quorum", "stream"];

/** Arguments that a second declare has to repeat. */
export const comparedArguments = [
  "x-queue-type",
  "x-expires",
  "x-message-ttl",
  "x-dead-letter-exchange",
  "x-dead-letter-routing-key",
  "x-max-length",
  "x-max-length-bytes",
  "x-overflow",
  "x-max-age",
  "x-delivery-limit",
  "x-single-active-consumer",
];

/** Smallest value of each whole number among the arguments. */
const integerArguments = new Map([
  ["x-expires", 1],
  ["x-message-ttl", 0],
  ["x-max-length", 0],
  ["x-max-length-bytes", 0],
  ["x-delivery-limit", -1],
]);

/**
 * The spec with the virtual host's default queue type as argument, where that type can be what is declared (RabbitMQ
 * docs, "Virtual Hosts": default queue type).
 */
export function withDefaultKind(spec: QueueSpec, defaultKind: QueueKind): QueueSpec {
  const fits = spec.durable && !spec.exclusive && !spec.autoDelete;
  if (spec.arguments.has("x-queue-type") || defaultKind === "classic" || !fits) return spec;
  return { ...spec, arguments: new Map([...spec.arguments, ["x-queue-type", textField(defaultKind)]]) };
}

/** @throws AmqpError 406 for a type that does not exist */
export function readKind(spec: QueueSpec): QueueKind {
  const field = spec.arguments.get("x-queue-type");
  const kind = field === undefined ? "classic" : kinds.find((name) => name === fieldText(field));
  if (kind === undefined) throw invalidArgument(spec, "x-queue-type", "unknown queue type");
  return kind;
}

/** @throws AmqpError 406 for what the type cannot be, and for arguments of the wrong type */
export function assertValid(spec: QueueSpec): void {
  if (readKind(spec) !== "classic") {
    const wrong = [
      ["non-durable", !spec.durable],
      ["exclusive", spec.exclusive],
      ["auto-delete", spec.autoDelete],
    ].find(([, is]) => is);
    if (wrong !== undefined)
      throw new AmqpError(406, `invalid property '${wrong[0]}' for ${queueTitle(spec.name)}`);
  }
  for (const [name, smallest] of integerArguments) {
    const field = spec.arguments.get(name);
    if (field === undefined) continue;
    const value = fieldInteger(field);
    if (value === undefined) throw invalidArgument(spec, name, "not an integer");
    if (value < smallest) throw invalidArgument(spec, name, `${value} is below ${smallest}`);
  }
  for (const name of ["x-dead-letter-exchange", "x-dead-letter-routing-key", "x-overflow", "x-max-age"]) {
    const field = spec.arguments.get(name);
    if (field !== undefined && fieldText(field) === undefined)
      throw invalidArgument(spec, name, "not a string");
  }
  if (spec.arguments.has("x-dead-letter-routing-key") && !spec.arguments.has("x-dead-letter-exchange")) {
    throw invalidArgument(spec, "x-dead-letter-routing-key", "routing_key_but_no_dlx_defined");
  }
}

function invalidArgument(spec: QueueSpec, name: string, why: string): AmqpError {
  return new AmqpError(406, `invalid arg '${name}' for ${queueTitle(spec.name)}: ${why}`);
}
