import {
  deadLetterExchange,
  deadLetterTopic,
  marketDataTopic,
  orderEventsTopic,
  ordersExchange,
  toBroker,
  toExchange,
  topics,
  walletEventsTopic,
} from "../../contracts/topology.js";
import type { StreamRecord } from "./record.js";

/** The messages of contracts/messages.ts, by the name of their schema. */
export type Contract = "OrderEvent" | "WalletEvent" | "MarketDataEvent" | "OrderMessage" | "ResultMessage";

export interface Place {
  /** What a message here has to be; undefined where it is not ours to say. */
  readonly contract: Contract | undefined;
  /** It was put aside by its reader: that it breaks its contract is no news. */
  readonly dead: boolean;
  /** "order-events", "-> b3": what the stream is called on a line. */
  readonly label: string;
}

const ofTopics: Readonly<Record<string, Contract>> = {
  [orderEventsTopic]: "OrderEvent",
  [walletEventsTopic]: "WalletEvent",
  [marketDataTopic]: "MarketDataEvent",
};

const places = new Map<string, Place>(
  topics.flatMap(({ name }): [string, Place][] => {
    const label = name.replace(/^trading-assets-/, "").replace(/-v\d+$/, "");
    const contract = ofTopics[name];
    return [
      [`kafka ${name}`, { contract, dead: false, label }],
      [`kafka ${deadLetterTopic(name)}`, { contract, dead: true, label: deadLetterTopic(label) }],
    ];
  }),
);
for (const [{ routingKey }, contract, label] of [
  [toExchange, "OrderMessage", "-> b3"],
  [toBroker, "ResultMessage", "<- b3"],
] as const) {
  places.set(`rabbit ${ordersExchange} ${routingKey}`, { contract, dead: false, label });
  places.set(`rabbit ${deadLetterExchange} ${routingKey}`, { contract, dead: true, label: `dead ${label}` });
}

/** By the topic, or by the exchange and key that it was published with. */
export function placeOf({ source, stream, exchange, key }: StreamRecord): Place {
  const place = places.get(source === "kafka" ? `kafka ${stream}` : `rabbit ${exchange} ${key}`);
  if (place !== undefined) return place;
  const unknown = { contract: undefined, dead: false, label: exchange || stream };
  // Others have as many as they like: what a user's keys are is not kept.
  if (source === "kafka") places.set(`kafka ${stream}`, unknown);
  return unknown;
}
