import { AmqpError } from "../wire/amqp-error.js";
import { emptyTable, type Table } from "../wire/table.js";
import { isExchangeType } from "./binding-index.js";
import { exchangeTitle } from "./equivalence.js";

/** What exchange.declare asks for. */
export interface ExchangeSpec {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: Table;
}

const predeclaredTypes = {
  "": "direct",
  "amq.direct": "direct",
  "amq.fanout": "fanout",
  "amq.topic": "topic",
  "amq.headers": "headers",
  "amq.match": "headers",
  "amq.rabbitmq.trace": "topic",
};

/** There without being declared (AMQP 0-9-1 section 3.1.3; amq.rabbitmq.trace is RabbitMQ's, and internal). */
export const predeclaredExchanges: readonly ExchangeSpec[] = Object.entries(predeclaredTypes).map(
  ([name, type]) => ({
    name,
    type,
    durable: true,
    autoDelete: false,
    internal: name === "amq.rabbitmq.trace",
    arguments: emptyTable,
  }),
);

/** There from the start, so that no catalog needs to name it. */
export function isPredeclared(name: string): boolean {
  return Object.hasOwn(predeclaredTypes, name);
}

export function defaultExchange(): AmqpError {
  return new AmqpError(403, "operation not permitted on the default exchange");
}

/**
 * @throws AmqpError 406 for a type that does not exist or an alternate exchange that is no name, 403 for the default
 * exchange
 */
export function readExchangeType({ name, type, arguments: table }: ExchangeSpec): string {
  if (name === "") throw defaultExchange();
  if (!isExchangeType(type)) throw new AmqpError(406, `unknown exchange type '${type}'`);
  const alternate = table.get("alternate-exchange");
  if (alternate !== undefined && alternate.type !== "S") {
    throw new AmqpError(406, `invalid type of arg 'alternate-exchange' for ${exchangeTitle(name)}`);
  }
  return type;
}
