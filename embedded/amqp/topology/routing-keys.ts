import { AmqpError } from "../wire/amqp-error.js";
import { fieldText, type Table } from "../wire/table.js";

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
