import type { Quote } from "./quote.js";
import type { QuoteSettings } from "./quote-settings.js";

export interface QuotesOptions {
  readonly settings: QuoteSettings;
  /** Takes what is new: all instruments at once (simulated) or each as it comes (brapi). Must not throw. */
  readonly onQuotes: (quotes: readonly Quote[]) => void;
  /** No quote of this ticker this time, and why in one line. */
  readonly onSkipped: (ticker: string, reason: string) => void;
}

export interface QuoteFeed {
  /** Ends with no call of onQuotes to come. */
  close(): Promise<void>;
}

/** Emits the present quotes at once, then at each interval. Its timers do not keep the process alive. */
export async function openQuotes(options: QuotesOptions): Promise<QuoteFeed> {
  throw new Error(options.settings.source);
}
