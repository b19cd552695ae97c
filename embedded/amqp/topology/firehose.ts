import type { Message } from "../queues/queue.js";
import { decodeProperties, encodeProperties, type Properties } from "../wire/properties.js";
import { type Field, longField, type Table, tableOf, textField } from "../wire/table.js";
import type { BrokerQueue } from "./binding.js";
import type { Topology } from "./topology.js";

const traceExchange = "amq.rabbitmq.trace";

/** What the trace of a message says beside the message (RabbitMQ docs, "Firehose Tracer"). */
export type TraceEvent =
  | {
      readonly what: "publish";
      readonly routingKeys: readonly string[];
      readonly queues: Iterable<BrokerQueue>;
    }
  | { readonly what: "deliver"; readonly queue: string; readonly redelivered: boolean };

/** While the virtual host is traced, a copy goes to amq.rabbitmq.trace. What comes from there is not traced again. */
export function traceMessage(topology: Topology, message: Message, event: TraceEvent): void {
  if (!topology.tracing || message.exchange === traceExchange) return;
  const routingKey = event.what === "publish" ? `publish.${message.exchange}` : `deliver.${event.queue}`;
  const exchange = topology.exchange(traceExchange);
  const headers = describeEvent(message, event);
  const copy: Message = {
    exchange: traceExchange,
    routingKey,
    propertyBytes: encodeProperties({ headers }),
    body: message.body,
  };
  for (const { stored } of topology.route(exchange, { routingKeys: [routingKey], headers })) {
    void stored.publish(copy, { persistent: false });
  }
}

function describeEvent(message: Message, event: TraceEvent): Table {
  const keys = event.what === "publish" ? event.routingKeys : [message.routingKey];
  const table = new Map<string, Field>([
    ["exchange_name", textField(message.exchange)],
    ["routing_keys", textList(keys)],
    ["properties", { type: "F", value: describeProperties(decodeProperties(message.propertyBytes)) }],
    ["node", textField("mybroker")],
    ["vhost", textField("/")],
  ]);
  if (event.what === "publish") {
    table.set("routed_queues", textList([...event.queues].map(({ name }) => name)));
  } else table.set("redelivered", longField(event.redelivered ? 1 : 0));
  return table;
}

function textList(texts: readonly string[]): Field {
  return { type: "A", value: texts.map(textField) };
}

/** Under the names that RabbitMQ uses: message_id, content_type. */
function describeProperties({ headers, timestamp, ...others }: Properties): Table {
  const plain = Object.entries(others).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]);
  const table = new Map(tableOf(Object.fromEntries(plain)));
  if (timestamp !== undefined) table.set("timestamp", { type: "T", value: timestamp });
  return table.set("headers", { type: "F", value: headers ?? new Map() });
}
