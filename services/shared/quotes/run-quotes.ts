import { openQuotes } from "../../../kit/quotes/open-quotes.js";
import type { Quote } from "../../../kit/quotes/quote.js";
import type { QuoteSettings } from "../../../kit/quotes/quote-settings.js";
import { openQuoteSink } from "../../../kit/quotes/quote-sink.js";
import type { Log } from "../log.js";
import { addCounter, type Metrics } from "../metrics.js";

export interface QuoteStore {
  /** As people know it: "broker-mongodb". */
  readonly name: string;
  /** How many quotes wait for it while it is away; beyond that the oldest are dropped. */
  readonly capacity: number;
  /** The same quotes may come again. */
  write(quotes: readonly Quote[]): Promise<void>;
}

export interface QuoteRun {
  readonly settings: QuoteSettings;
  readonly stores: readonly QuoteStore[];
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Hands the quotes of the source to stores that are up and down independently of each other. */
export function runQuotes({ settings, stores, log, metrics }: QuoteRun): { close(): Promise<void> } {
  const received = addCounter(metrics, { name: "quotes_total", help: "Quotes had from the source." });
  const skipped = addCounter(metrics, {
    name: "quotes_skipped_total",
    help: "Quotes that the source did not give.",
  });
  const dropped = addCounter(metrics, {
    name: "quotes_dropped_total",
    help: "Quotes given up because a store was away for long.",
    labels: ["store"],
  });
  const sinks = stores.map(({ name, capacity, write }) =>
    openQuoteSink({
      write,
      capacity,
      onDown: (error) => log.warn({ error, store: name }, `quotes wait for ${name}`),
      onUp: () => log.info({ store: name }, `${name} takes quotes again`),
      onDropped: (count) => dropped.inc({ store: name }, count),
    }),
  );
  const feed = openQuotes({
    settings,
    onQuotes: (quotes) => {
      received.inc(quotes.length);
      for (const sink of sinks) sink.offer(quotes);
    },
    onSkipped: ({ ticker, reason, again }) => {
      skipped.inc();
      if (!again) log.warn({ ticker, reason }, "the source has no quote");
    },
  });
  return {
    close: async () => {
      await feed.close();
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}
