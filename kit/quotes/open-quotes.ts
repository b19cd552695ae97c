import { setTimeout as pause } from "node:timers/promises";
import { quotedInstruments } from "../instruments.js";
import { fetchBrapiQuote } from "./brapi-quote.js";
import type { Quote } from "./quote.js";
import type { BrapiSettings, QuoteSettings, SimulatedSettings } from "./quote-settings.js";
import { intervalAt, simulatedQuote } from "./simulated-quote.js";

export interface SkippedQuote {
  readonly ticker: string;
  /** In one line. */
  readonly reason: string;
  /** It was skipped the last time too. */
  readonly again: boolean;
}

export interface QuotesOptions {
  readonly settings: QuoteSettings;
  /** Takes what is new: all instruments at once (simulated), or each as it comes (brapi). Must not throw. */
  readonly onQuotes: (quotes: readonly Quote[]) => void;
  /** No quote of this ticker in this round. Must not throw. */
  readonly onSkipped: (skipped: SkippedQuote) => void;
}

export interface QuoteFeed {
  /** Nothing is emitted after it. */
  close(): Promise<void>;
}

/** Emits the present quotes, then those of each interval. Its timers do not keep the process alive. */
export function openQuotes(options: QuotesOptions): QuoteFeed {
  const { settings } = options;
  return settings.source === "simulated" ? openSimulated(settings, options) : openBrapi(settings, options);
}

function openSimulated(settings: SimulatedSettings, { onQuotes }: QuotesOptions): QuoteFeed {
  const { seed, intervalSeconds } = settings;
  let emitted: number | undefined;
  let timer: NodeJS.Timeout;
  const tick = () => {
    const k = intervalAt(Date.now(), intervalSeconds);
    // Timers may be early by a millisecond.
    if (k !== emitted) {
      emitted = k;
      onQuotes(
        quotedInstruments.map((instrument) => simulatedQuote(instrument, { seed, intervalSeconds, k })),
      );
    }
    timer = setTimeout(tick, Math.max(1, (k + 1) * intervalSeconds * 1_000 - Date.now())).unref();
  };
  tick();
  return { close: async () => clearTimeout(timer) };
}

function openBrapi(settings: BrapiSettings, { onQuotes, onSkipped }: QuotesOptions): QuoteFeed {
  const closing = new AbortController();
  const { signal } = closing;
  const failing = new Set<string>();
  const rest = (ms: number) => pause(ms, undefined, { signal, ref: false });
  const run = async () => {
    for (;;) {
      const due = Date.now() + settings.intervalSeconds * 1_000;
      for (const instrument of quotedInstruments) {
        const { ticker } = instrument;
        try {
          const quote = await fetchBrapiQuote(instrument, settings, signal);
          signal.throwIfAborted();
          failing.delete(ticker);
          onQuotes([quote]);
        } catch (error) {
          signal.throwIfAborted();
          onSkipped({ ticker, reason: (error as Error).message, again: failing.has(ticker) });
          failing.add(ticker);
        }
        await rest(settings.spacingMs);
      }
      await rest(Math.max(0, due - Date.now()));
    }
  };
  // It ends by being closed only.
  const ended = run().catch(() => {});
  return {
    close: () => {
      closing.abort();
      return ended;
    },
  };
}
