import type { MarketDataEvent } from "../../../contracts/messages.js";
import type { DocumentStore } from "../../../kit/documents/documents.js";
import { quotedInstruments } from "../../../kit/instruments.js";
import { once } from "../../shared/once.js";

/** What Kafka was told, and when it was written. */
interface PriceDocument extends MarketDataEvent {
  readonly created_at: string;
}

export interface PriceHistory {
  /** A quote that is there already stays as it is. */
  add(events: readonly MarketDataEvent[]): Promise<void>;
}

const longestMs = 7 * 24 * 3_600_000;
/** About 300 MB: at an interval of 5 s a day's prices, at half a minute the whole week's. */
const mostDocuments = 1_000_000;
const pruneEveryMs = 60_000;

/** How far back it goes when all instruments have a quote every so often. */
export function historyMs(refreshMs: number): number {
  return Math.min(longestMs, (mostDocuments / quotedInstruments.length) * refreshMs);
}

/** The collection price_history, with what is older than `keepMs` taken out once a minute. */
export function createPriceHistory(store: DocumentStore, keepMs: number): PriceHistory {
  const indexes = [["ticker", "updated_at"], ["created_at"]];
  const open = once(() => store.collection<PriceDocument>("price_history", indexes));
  let prunedAtMs = 0;
  return {
    async add(events) {
      const collection = await open();
      const now = Date.now();
      const created_at = new Date(now).toISOString();
      await collection.insertMany(
        new Map(events.map((event) => [`${event.ticker}:${event.updated_at}`, { ...event, created_at }])),
      );
      if (now - prunedAtMs < pruneEveryMs) return;
      prunedAtMs = now;
      const before = new Date(now - keepMs).toISOString();
      await collection.deleteMany({ range: { field: "created_at", before } });
    },
  };
}
