import type { QueueKind } from "../queues/queue.js";
import { AmqpError } from "../wire/amqp-error.js";
import { fieldInteger, fieldText, plainValue, type Table, textField } from "../wire/table.js";
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

const streamArguments = ["x-max-age", "x-stream-max-segment-size-bytes"];

/**
 * Refused where they have no meaning (as RabbitMQ), and where they have one that is not offered here: priorities of a
 * classic queue, dead-lettering at least once.
 */
const refusedArguments: Readonly<Record<QueueKind, readonly string[]>> = {
  classic: ["x-delivery-limit", "x-max-priority", "x-dead-letter-strategy", ...streamArguments],
  quorum: ["x-queue-mode", "x-max-priority", "x-dead-letter-strategy", ...streamArguments],
  stream: [
    "x-message-ttl",
    "x-expires",
    "x-max-length",
    "x-overflow",
    "x-delivery-limit",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-dead-letter-strategy",
    "x-single-active-consumer",
    "x-max-priority",
  ],
};

/** Smallest value of each whole number among the arguments. */
const integerArguments = new Map([
  ["x-expires", 1],
  ["x-message-ttl", 0],
  ["x-max-length", 0],
  ["x-max-length-bytes", 0],
  ["x-delivery-limit", -1],
]);

/** What the texts among the arguments may be. */
const textArguments = new Map([
  ["x-dead-letter-exchange", /^[^\0]*$/],
  ["x-dead-letter-routing-key", /^[^\0]*$/],
  ["x-overflow", /^(drop-head|reject-publish|reject-publish-dlx)$/],
  ["x-max-age", /^\d+[YMDhms]$/],
]);

/**
 * The spec with its queue type as argument: where none is given, the virtual host's default if that type can be what
 * is declared, else classic (RabbitMQ docs, "Virtual Hosts": default queue type).
 */
export function withDefaultKind(spec: QueueSpec, defaultKind: QueueKind): QueueSpec {
  if (spec.arguments.has("x-queue-type")) return spec;
  const kind = spec.durable && !spec.exclusive && !spec.autoDelete ? defaultKind : "classic";
  return { ...spec, arguments: new Map([...spec.arguments, ["x-queue-type", textField(kind)]]) };
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
  for (const name of refusedArguments[readKind(spec)]) {
    if (spec.arguments.has(name)) throw invalidArgument(spec, name, "not offered by this queue type");
  }
  for (const [name, smallest] of integerArguments) {
    const field = spec.arguments.get(name);
    if (field === undefined) continue;
    const value = fieldInteger(field);
    if (value === undefined) throw invalidArgument(spec, name, "not an integer");
    if (value < smallest) throw invalidArgument(spec, name, `${value} is below ${smallest}`);
  }
  for (const [name, form] of textArguments) {
    const field = spec.arguments.get(name);
    const text = fieldText(field) ?? "\0";
    // What becomes a routing key or names an exchange has to fit into a short string.
    if (field !== undefined && (!form.test(text) || Buffer.byteLength(text) > 255)) {
      throw invalidArgument(spec, name, `'${plainValue(field)}' is not what it takes`);
    }
  }
  if (spec.arguments.has("x-dead-letter-routing-key") && !spec.arguments.has("x-dead-letter-exchange")) {
    throw invalidArgument(spec, "x-dead-letter-routing-key", "routing_key_but_no_dlx_defined");
  }
}

function invalidArgument(spec: QueueSpec, name: string, why: string): AmqpError {
  return new AmqpError(406, `invalid arg '${name}' for ${queueTitle(spec.name)}: ${why}`);
}
