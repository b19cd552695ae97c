import type { Instrument } from "../instruments.js";
import { priceLimit } from "../money.js";
import { type Quote, roundToTick } from "./quote.js";
import type { BrapiSettings } from "./quote-settings.js";

const timeoutMs = 5_000;

/**
 * Asks brapi.dev for one ticker: GET /api/quote/{ticker}, the token in a header.
 * @throws Error with one line that says why there is none, without the token
 */
export async function fetchBrapiQuote(
  instrument: Instrument,
  { url, token }: Pick<BrapiSettings, "url" | "token">,
  closing: AbortSignal,
): Promise<Quote> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]);
  const headers = { authorization: `Bearer ${token}`, accept: "application/json" };
  // Elsewhere the token has no business.
  const request = { headers, signal, redirect: "error" } as const;
  const response = await fetch(`${url}/api/quote/${instrument.ticker}`, request).catch((error: Error) => {
    throw new Error(error.name === "TimeoutError" ? `no answer in ${timeoutMs} ms` : "no connection");
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`status ${response.status}`);
  }
  const body: unknown = await response.json().catch(() => undefined);
  return readQuote(instrument, body);
}

interface BrapiResult {
  readonly symbol?: unknown;
  readonly regularMarketPrice?: unknown;
  readonly regularMarketChangePercent?: unknown;
  readonly regularMarketVolume?: unknown;
}

function readQuote(instrument: Instrument, body: unknown): Quote {
  const results = (body as { results?: unknown } | null | undefined)?.results;
  const result: BrapiResult | null | undefined = Array.isArray(results) ? results[0] : undefined;
  const price = result?.regularMarketPrice;
  const tenThousandths = typeof price === "number" ? price * 10_000 : Number.NaN;
  if (result?.symbol !== instrument.ticker || !(tenThousandths > 0 && tenThousandths <= priceLimit)) {
    throw new Error("an answer without a price");
  }
  const { regularMarketChangePercent: change, regularMarketVolume: volume } = result;
  return {
    instrument,
    price: roundToTick(tenThousandths, instrument),
    changePercent: Number.isFinite(change) ? Math.round(Number(change) * 100) / 100 + 0 : 0,
    volume: Number.isFinite(volume) ? Math.max(0, Math.floor(Number(volume))) : 0,
    time: new Date().toISOString(),
  };
}
