import { messageHeaders } from "../../../contracts/message-headers.js";
import {
  MarketDataEvent,
  OrderEvent,
  OrderMessage,
  ResultMessage,
  WalletEvent,
} from "../../../contracts/messages.js";
import {
  auditStream,
  deadLetterExchange,
  deadLetterTopic,
  ordersExchange,
  type Route,
  type Topic,
  toBroker,
  toExchange,
  topics,
} from "../../../contracts/topology.js";

interface Described {
  readonly schema: object;
  readonly summary: string;
}

const schemas: Readonly<Record<string, Described>> = {
  OrderMessage: { schema: OrderMessage, summary: "An order, or the wish to cancel it, to the exchange." },
  ResultMessage: { schema: ResultMessage, summary: "What the exchange did with an order." },
  OrderEvent: { schema: OrderEvent, summary: "An order took a state." },
  WalletEvent: { schema: WalletEvent, summary: "Cash or shares of an account moved." },
  MarketDataEvent: { schema: MarketDataEvent, summary: "A price of the market." },
};

const messageOfTopic: Readonly<Record<string, string>> = {
  "order-events-v1": "OrderEvent",
  "wallet-events-v1": "WalletEvent",
  "trading-assets-market-data-v1": "MarketDataEvent",
};
const routes: readonly (Route & { message: string })[] = [
  { ...toExchange, message: "OrderMessage" },
  { ...toBroker, message: "ResultMessage" },
];

const traceparent = { type: "string", pattern: "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$" };
const reason = { type: "string", description: "Why it can never be valid, in one line." };
/** Kafka's headers are bytes, AMQP has a messageId of its own. */
const headersOf = {
  kafka: headersSchema({
    [messageHeaders.messageId]: { type: "string", minLength: 1 },
    [messageHeaders.publishedAt]: { type: "string", pattern: "^\\d{13}$" },
  }),
  amqp: headersSchema({ [messageHeaders.publishedAt]: { type: "integer", minimum: 0 } }),
};

function headersSchema(own: Readonly<Record<string, object>>) {
  const properties = { ...own, [messageHeaders.traceparent]: traceparent };
  return { type: "object", properties, required: Object.keys(properties) };
}

/** The AsyncAPI 3.0 document that contracts/ amount to: every channel, who sends, who receives, and what. */
export function buildAsyncapi(): Record<string, unknown> {
  const channels = { ...Object.assign({}, ...topics.map(topicChannels), ...routes.map(routeChannels)) };
  return {
    asyncapi: "3.0.0",
    info: {
      title: "My Broker B3",
      version: "1.0.0",
      description:
        "Messages of the brokerage (Kafka) and between it and the exchange (RabbitMQ). Readers ignore fields that they do not know. A message that can never be valid is put aside with its reason in a header.",
    },
    defaultContentType: "application/json",
    servers: {
      kafka: { host: "127.0.0.1:9092", protocol: "kafka", description: "Inside the brokerage." },
      rabbitmq: { host: "127.0.0.1:5672", protocol: "amqp", description: "Brokerage and exchange." },
    },
    channels: { ...channels, [auditStream]: auditChannel() },
    operations: Object.assign({}, ...topics.map(topicOperations), ...routes.map(routeOperations)),
    components: {
      messages: Object.assign(
        {},
        ...Object.values(messageOfTopic).map((name) => describeMessage(name, "kafka")),
        ...routes.map(({ message }) => describeMessage(message, "amqp")),
      ),
      schemas: Object.fromEntries(Object.entries(schemas).map(([name, { schema }]) => [name, schema])),
    },
  };
}

function describeMessage(name: string, kind: "kafka" | "amqp") {
  const summary = schemas[name]?.summary;
  const payload = reference(`components/schemas/${name}`);
  const binding =
    kind === "kafka"
      ? { kafka: { key: { type: "string" }, bindingVersion: "0.5.0" } }
      : { amqp: amqpVersion };
  const dead = {
    ...headersOf[kind],
    properties: { ...headersOf[kind].properties, [messageHeaders.reason]: reason },
  };
  return {
    [name]: { name, summary, headers: headersOf[kind], payload, bindings: binding },
    [`Dead${name}`]: {
      name: `Dead${name}`,
      summary: "What could never be read, as it came, with the reason.",
      headers: { ...dead, required: [messageHeaders.reason] },
      payload: {},
    },
  };
}

const amqpVersion = { bindingVersion: "0.3.0" };

function reference(path: string) {
  return { $ref: `#/${path}` };
}

function describeChannel(address: string, message: string, rest: object) {
  return { address, messages: { [message]: reference(`components/messages/${message}`) }, ...rest };
}

function topicChannels({ name, key, partitions }: Topic) {
  const servers = [reference("servers/kafka")];
  const message = messageOfTopic[name] ?? "";
  return {
    [name]: describeChannel(name, message, {
      description: `Key: ${key}.`,
      servers,
      bindings: { kafka: { topic: name, partitions, replicas: 1, bindingVersion: "0.5.0" } },
    }),
    [deadLetterTopic(name)]: describeChannel(deadLetterTopic(name), `Dead${message}`, { servers }),
  };
}

/** Who sends knows exchange and routing key, who receives knows the queue. */
function routeChannels({ routingKey, queue, deadLetterQueue, message }: Route & { message: string }) {
  const servers = [reference("servers/rabbitmq")];
  const queueOf = (name: string) => ({
    name,
    durable: true,
    exclusive: false,
    autoDelete: false,
    vhost: "/",
  });
  const exchangeOf = (name: string) => ({
    name,
    type: "direct",
    durable: true,
    autoDelete: false,
    vhost: "/",
  });
  const readFrom = (name: string) => ({ amqp: { is: "queue", queue: queueOf(name), ...amqpVersion } });
  const sentTo = (name: string) => ({
    amqp: { is: "routingKey", exchange: exchangeOf(name), ...amqpVersion },
  });
  return {
    [routingKey]: describeChannel(routingKey, message, { servers, bindings: sentTo(ordersExchange) }),
    [queue]: describeChannel(queue, message, { servers, bindings: readFrom(queue) }),
    [`${routingKey}.dead`]: describeChannel(routingKey, `Dead${message}`, {
      servers,
      bindings: sentTo(deadLetterExchange),
    }),
    [deadLetterQueue]: describeChannel(deadLetterQueue, `Dead${message}`, {
      servers,
      bindings: readFrom(deadLetterQueue),
    }),
  };
}

function auditChannel() {
  const names = routes.flatMap(({ message }) => [message, `Dead${message}`]);
  return {
    address: auditStream,
    description: "A stream of all that passes either exchange; reading takes nothing.",
    servers: [reference("servers/rabbitmq")],
    messages: Object.fromEntries(names.map((name) => [name, reference(`components/messages/${name}`)])),
  };
}

function operation(action: "send" | "receive", channel: string, message: string) {
  return {
    action,
    channel: reference(`channels/${channel}`),
    messages: [reference(`channels/${channel}/messages/${message}`)],
  };
}

function topicOperations({ name, producer, consumers }: Topic) {
  const message = messageOfTopic[name] ?? "";
  return Object.fromEntries([
    [`${producer}.sends.${message}`, operation("send", name, message)],
    ...consumers.map((consumer) => [`${consumer}.receives.${message}`, operation("receive", name, message)]),
  ]);
}

function routeOperations({ routingKey, queue, producer, consumer, message }: Route & { message: string }) {
  return {
    [`${producer}.sends.${message}`]: operation("send", routingKey, message),
    [`${consumer}.receives.${message}`]: operation("receive", queue, message),
  };
}
