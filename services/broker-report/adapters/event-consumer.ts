import { MarketDataEvent, OrderEvent, WalletEvent } from "../../../contracts/messages.js";
import { parseMoney } from "../../../kit/money.js";
import type { KafkaLink, TopicRecord } from "../../shared/messaging/kafka-link.js";
import { type Consumer, InvalidMessage } from "../../shared/messaging/messages.js";
import type { ReportStore } from "./report-store.js";

const topics = {
  "order-events-v1": OrderEvent,
  "wallet-events-v1": WalletEvent,
  "trading-assets-market-data-v1": MarketDataEvent,
};
type EventRecord = TopicRecord<typeof topics>;

/** All that is told in Kafka goes into the reports. */
export function consumeEvents(kafka: KafkaLink, store: ReportStore, probe: () => Promise<void>): Consumer {
  return kafka.consume({
    groupId: "broker-report",
    topics,
    probe,
    // Nobody waits for a report, and one transaction takes many.
    lingerMs: 200,
    async handle(batch) {
      for (const record of batch) checkAmounts(record);
      const valuesOf = <T extends EventRecord["topic"]>(topic: T) =>
        batch.flatMap((record) => (record.topic === topic ? [record.value] : [])) as Extract<
          EventRecord,
          { topic: T }
        >["value"][];
      await store.addOrders(valuesOf("order-events-v1"));
      await store.addMovements(valuesOf("wallet-events-v1"));
      await store.addPrices(valuesOf("trading-assets-market-data-v1"));
    },
  });
}

/** A schema cannot say how many decimals a number may have. @throws InvalidMessage */
function checkAmounts(record: EventRecord): void {
  const { price, executedPrice, amount, balanceAfter, blockedBalanceAfter } = record.value as Record<
    string,
    unknown
  >;
  for (const value of [price, executedPrice, amount, balanceAfter, blockedBalanceAfter]) {
    try {
      if (value !== undefined && value !== null) parseMoney(value);
    } catch (error) {
      throw new InvalidMessage(record, (error as Error).message);
    }
  }
}
