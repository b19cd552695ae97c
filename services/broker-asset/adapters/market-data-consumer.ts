import { MarketDataEvent } from "../../../contracts/messages.js";
import { parseMoney } from "../../../kit/money.js";
import type { KafkaLink } from "../../shared/messaging/kafka-link.js";
import { InvalidMessage } from "../../shared/messaging/messages.js";
import type { KnownPrice } from "../app/ports.js";
import type { Prices } from "../app/prices.js";

/** Hands the market's prices over as they come, until the link is closed. */
export function consumeMarketData(kafka: KafkaLink, prices: Prices): void {
  kafka.consume({
    groupId: "broker-asset",
    topics: { "trading-assets-market-data-v1": MarketDataEvent },
    handle: (batch) => prices.take(batch.map((record) => readPrice(record))),
    // What the prices need may be away.
    probe: async () => {},
  });
}

/** @throws InvalidMessage */
function readPrice(record: { readonly value: MarketDataEvent }): KnownPrice {
  const { ticker, price, updated_at } = record.value;
  // Within the clock's present: a sender whose clock is ahead must not hold all later prices back.
  const updatedAtMs = Math.min(Math.max(0, Date.parse(updated_at)), Date.now());
  try {
    return { ticker, price: parseMoney(price), updatedAtMs };
  } catch (error) {
    throw new InvalidMessage(record, (error as Error).message);
  }
}
