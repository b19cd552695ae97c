import type { PublishOptions } from "../queues/queue.js";
import { AmqpError } from "../wire/amqp-error.js";
import type { Properties } from "../wire/properties.js";
import { fieldText, type Table } from "../wire/table.js";

/** What the queues want to know. @throws AmqpError 406 for an expiration that is no number of milliseconds */
export function publishOptions({ deliveryMode, expiration }: Properties): PublishOptions {
  if (expiration !== undefined && (!/^\d{1,15}$/.test(expiration) || Number(expiration) > 0xffffffff)) {
    throw new AmqpError(406, `invalid expiration '${expiration}'`);
  }
  return {
    persistent: deliveryMode === 2,
    expirationMs: expiration === undefined ? undefined : Number(expiration),
  };
}

/**
 * Further routing keys in the headers CC and BCC (RabbitMQ docs, "Sender-selected Distribution").
 * @throws AmqpError 406 when one is not a list of strings
 */
export function carbonCopies(headers: Table | undefined): { cc: readonly string[]; bcc: readonly string[] } {
  return { cc: readKeys(headers, "CC"), bcc: readKeys(headers, "BCC") };
}

function readKeys(headers: Table | undefined, name: string): readonly string[] {
  const field = headers?.get(name);
  if (field === undefined) return [];
  const keys = field.type === "A" ? field.value.map(fieldText) : [undefined];
  if (keys.includes(undefined)) throw new AmqpError(406, `header ${name} is not a list of strings`);
  return keys as string[];
}
