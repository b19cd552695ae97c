/** Names that the brokerage, the exchange and the command line agree on. */

/** A Kafka topic. Its producer creates it at start; "already exists" is success. */
export interface Topic {
  readonly name: string;
  /** The payload field that is the record's key: what shares it keeps its order. */
  readonly key: string;
  readonly partitions: number;
  readonly producer: string;
  readonly consumers: readonly string[];
}

export const orderEventsTopic = "order-events-v1";
export const walletEventsTopic = "wallet-events-v1";
export const marketDataTopic = "trading-assets-market-data-v1";

export const topics: readonly Topic[] = [
  {
    name: orderEventsTopic,
    key: "userId",
    partitions: 3,
    producer: "broker-order",
    consumers: ["broker-wallet", "broker-report"],
  },
  {
    name: walletEventsTopic,
    key: "userId",
    partitions: 3,
    producer: "broker-wallet",
    consumers: ["broker-report"],
  },
  {
    name: marketDataTopic,
    key: "ticker",
    partitions: 3,
    producer: "broker-market-data",
    consumers: ["broker-asset", "broker-wallet", "broker-report"],
  },
];

/** Where a record that can never be read goes, with the reason in a header. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dlt`;
}

/** A way through RabbitMQ between the brokerage and the exchange. */
export interface Route {
  readonly queue: string;
  readonly routingKey: string;
  readonly deadLetterQueue: string;
  readonly producer: string;
  readonly consumer: string;
}

/** Direct exchange of both routes. */
export const ordersExchange = "exchange.broker.orders";

/** Direct exchange of what can never be valid, bound with the same routing keys. */
export const deadLetterExchange = "dlx.broker.orders";

export const toExchange: Route = {
  queue: "mq-broker-to-b3",
  routingKey: "b3.matching.engine",
  deadLetterQueue: "dlq-broker-to-b3",
  producer: "broker-order",
  consumer: "b3-matching-engine",
};

export const toBroker: Route = {
  queue: "mq-b3-to-broker",
  routingKey: "b3.order.results",
  deadLetterQueue: "dlq-b3-to-broker",
  producer: "b3-matching-engine",
  consumer: "broker-order",
};

/** A crash guard and no retry: a message that killed its consumer this often is dead-lettered. */
export const deliveryLimit = 50;

/** A stream of all that passes either exchange: read without taking anything, kept 7 days or 200 MB. */
export const auditStream = "audit.broker.orders";
