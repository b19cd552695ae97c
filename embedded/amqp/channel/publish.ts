import type { Message, PublishOutcome } from "../queues/queue.js";
import type { BrokerQueue } from "../topology/binding.js";
import { exchangeTitle } from "../topology/equivalence.js";
import { traceMessage } from "../topology/firehose.js";
import { carbonCopies, publishOptions } from "../topology/publish-options.js";
import { AmqpError } from "../wire/amqp-error.js";
import { decodeProperties, encodeProperties, type Properties } from "../wire/properties.js";
import { emptyTable } from "../wire/table.js";
import type { Channel } from "./channel.js";
import type { PublishedContent } from "./content-assembly.js";

/**
 * Not for the receivers: BCC by RabbitMQ's docs on sender-selected distribution; and the deaths of an earlier life,
 * for what a publisher claims is not counted on.
 */
const removedHeaders = [
  "BCC",
  "x-death",
  "x-first-death-exchange",
  "x-first-death-queue",
  "x-first-death-reason",
];

/** Routes a complete message; returns it before the confirm when it is mandatory and goes nowhere. */
export function publish(channel: Channel, content: PublishedContent): void {
  const { method, body } = content;
  const { topology } = channel.host;
  if (method.immediate) throw new AmqpError(540, "immediate=true");
  const exchange = topology.exchange(method.exchange);
  if (exchange.internal) {
    throw new AmqpError(403, `cannot publish to internal ${exchangeTitle(exchange.name)}`);
  }
  const properties = decodeProperties(content.propertyBytes);
  assertOwnUser(properties, channel.host.user);
  const options = publishOptions(properties);
  const headers = properties.headers ?? emptyTable;
  const { cc, bcc } = carbonCopies(headers);
  const routingKeys = [method.routingKey, ...cc, ...bcc];
  const queues = topology.route(exchange, { routingKeys, headers });
  const message: Message = {
    exchange: method.exchange,
    routingKey: method.routingKey,
    propertyBytes: removedHeaders.some((name) => headers.has(name))
      ? withoutHeaders(properties, removedHeaders)
      : content.propertyBytes,
    body,
  };
  traceMessage(topology, message, { what: "publish", routingKeys, queues });
  if (queues.size === 0 && method.mandatory) {
    channel.sendContent(
      "basic.return",
      {
        replyCode: 312,
        replyText: "NO_ROUTE",
        exchange: message.exchange,
        routingKey: message.routingKey,
      },
      { properties: message.propertyBytes, body },
    );
  }
  const outcome = store(queues, (queue) => queue.stored.publish(message, options));
  channel.confirms?.track(outcome);
  if (outcome instanceof Promise)
    channel.host.trackPublish(content.propertyBytes.length + body.length, outcome);
}

/** What the first queue said that did not store it. */
function store(
  queues: ReadonlySet<BrokerQueue>,
  publishTo: (queue: BrokerQueue) => Promise<PublishOutcome>,
): PublishOutcome | Promise<PublishOutcome> {
  const [first, ...others] = queues;
  if (first === undefined) return "stored";
  if (others.length === 0) return publishTo(first);
  return Promise.all([first, ...others].map(publishTo)).then(
    (outcomes) => outcomes.find((outcome) => outcome !== "stored") ?? "stored",
  );
}

/** RabbitMQ docs, "Validated User-ID". */
function assertOwnUser({ userId }: Properties, user: string): void {
  if (userId === undefined || userId === user) return;
  throw new AmqpError(406, `user_id property set to '${userId}' but authenticated user was '${user}'`);
}

function withoutHeaders(properties: Properties, names: readonly string[]): Buffer {
  const headers = new Map(properties.headers);
  for (const name of names) headers.delete(name);
  return encodeProperties({ ...properties, headers });
}
