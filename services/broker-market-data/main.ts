import { openDocuments } from "../../kit/documents/documents.js";
import type { Quote } from "../../kit/quotes/quote.js";
import { readQuoteSettings, readRefreshMs } from "../../kit/quotes/quote-settings.js";
import {
  readDocumentSettings,
  readKafkaBrokers,
  readListenSettings,
  readSettings,
} from "../../kit/settings.js";
import { defineService } from "../shared/define-service.js";
import { makeId } from "../shared/make-id.js";
import { type KafkaLink, openKafkaLink } from "../shared/messaging/kafka-link.js";
import { runQuotes } from "../shared/quotes/run-quotes.js";
import { nextTraceparent } from "../shared/trace.js";
import { toMarketDataEvent } from "./adapters/market-data-event.js";
import { createPriceHistory, historyMs } from "./adapters/price-history.js";

const topic = "trading-assets-market-data-v1";
/** Ten minutes of all instruments at 5 s, about 1 MB. */
const capacity = 6_000;

/** The broker's prices: from the source to Kafka and into price_history, of which either may be away. */
export const brokerMarketData = defineService("broker-market-data", async (parts) => {
  const settings = readSettings(parts.env, {
    listen: readListenSettings,
    documents: readDocumentSettings,
    brokers: readKafkaBrokers,
    quotes: readQuoteSettings,
    refreshMs: readRefreshMs,
  });
  const documents = parts.own(await openDocuments(settings.documents));
  const kafka = parts.own(openKafkaLink({ ...parts, brokers: settings.brokers }));
  const history = createPriceHistory(documents, historyMs(settings.refreshMs));
  const server = await parts.serve({
    description: "Prices for the broker: no routes of its own.",
    listen: settings.listen,
    dependencies: [
      { name: "broker-mongodb", check: () => documents.ping() },
      { name: "kafka", check: () => kafka.ping() },
    ],
    routes: () => {},
  });
  const stores = [
    { name: "kafka", capacity, write: createPublisher(kafka) },
    {
      name: "broker-mongodb",
      capacity,
      write: (quotes: readonly Quote[]) => history.add(quotes.map(toMarketDataEvent)),
    },
  ];
  parts.own(runQuotes({ ...parts, settings: settings.quotes, stores }));
  return server;
});

function createPublisher(kafka: KafkaLink): (quotes: readonly Quote[]) => Promise<void> {
  let ensured = false;
  return async (quotes) => {
    if (!ensured) await kafka.ensureTopics([topic]);
    ensured = true;
    const headers = { traceparent: nextTraceparent() };
    const records = quotes.map(toMarketDataEvent).map((value) => {
      return { key: value.ticker, value, messageId: makeId(), headers };
    });
    await kafka.send(topic, records).catch((error: unknown) => {
      // Perhaps the broker is another now.
      ensured = false;
      throw error;
    });
  };
}
