import { v7 as makeId } from "uuid";
import { openDocuments } from "../../kit/documents/documents.js";
import type { Quote } from "../../kit/quotes/quote.js";
import { readQuoteSettings, readRefreshMs } from "../../kit/quotes/quote-settings.js";
import {
  readDocumentSettings,
  readKafkaBrokers,
  readListenSettings,
  readSettings,
} from "../../kit/settings.js";
import { openServer } from "../shared/http/open-server.js";
import { createLog } from "../shared/log.js";
import { type KafkaLink, openKafkaLink } from "../shared/messaging/kafka-link.js";
import { createMetrics } from "../shared/metrics.js";
import { runQuotes } from "../shared/quotes/run-quotes.js";
import type { ServiceDefinition } from "../shared/service.js";
import { nextTraceparent } from "../shared/trace.js";
import { toMarketDataEvent } from "./adapters/market-data-event.js";
import { createPriceHistory, historyMs } from "./adapters/price-history.js";

const name = "broker-market-data";
const topic = "trading-assets-market-data-v1";
/** Ten minutes of all instruments at 5 s, about 1 MB. */
const capacity = 6_000;

/** The broker's prices: from the source to Kafka and into price_history, of which either may be away. */
export const brokerMarketData: ServiceDefinition = {
  name,
  async start(context) {
    const settings = readSettings(context.env, {
      listen: readListenSettings,
      documents: readDocumentSettings,
      brokers: readKafkaBrokers,
      quotes: readQuoteSettings,
      refreshMs: readRefreshMs,
    });
    const log = createLog(name, context);
    const metrics = createMetrics();
    const documents = await openDocuments(settings.documents);
    const kafka = openKafkaLink({ name, log, metrics, brokers: settings.brokers });
    const history = createPriceHistory(documents, historyMs(settings.refreshMs));
    const server = await openServer({
      name,
      description: "Prices for the broker: no routes of its own.",
      listen: settings.listen,
      log,
      metrics,
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
    const quotes = runQuotes({ settings: settings.quotes, stores, log, metrics });
    return {
      address: server.address,
      close: async () => {
        await server.close();
        await quotes.close();
        await kafka.close();
        await documents.close();
      },
    };
  },
};

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
