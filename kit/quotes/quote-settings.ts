import { quotedInstruments } from "../instruments.js";
import { type Env, integer, oneOf, type Reader, readSettings, SettingError, text } from "../settings.js";

export interface SimulatedSettings {
  readonly source: "simulated";
  readonly seed: string;
  readonly intervalSeconds: number;
}

export interface BrapiSettings {
  readonly source: "brapi";
  readonly token: string;
  /** "https://brapi.dev", without a slash at its end. */
  readonly url: string;
  readonly intervalSeconds: number;
  /** Between two calls. */
  readonly spacingMs: number;
}

export type QuoteSettings = SimulatedSettings | BrapiSettings;

const readInterval = integer("QUOTE_INTERVAL", { minimum: 1, maximum: 3_600, fallback: 5 });
const readSource = oneOf("QUOTE_SOURCE", ["simulated", "brapi"], "simulated");
/** What the free plan of brapi.dev bears. */
const spacingMs = 500;

/** QUOTE_SOURCE, QUOTE_SEED, QUOTE_INTERVAL (s); of brapi BRAPI_TOKEN and BRAPI_URL. */
export const readQuoteSettings: Reader<QuoteSettings> = (env) => {
  const { source, intervalSeconds } = readSettings(env, {
    source: readSource,
    intervalSeconds: readInterval,
  });
  return source === "simulated"
    ? { source, intervalSeconds, seed: text("QUOTE_SEED", "42")(env) }
    : { source, intervalSeconds, spacingMs, ...readSettings(env, { token: readToken, url: readUrl }) };
};

/** How long it takes until every quote has been renewed, by QUOTE_SOURCE and QUOTE_INTERVAL. */
export const readRefreshMs: Reader<number> = (env) => {
  const { source, intervalSeconds } = readSettings(env, {
    source: readSource,
    intervalSeconds: readInterval,
  });
  const roundMs = source === "brapi" ? quotedInstruments.length * spacingMs : 0;
  return Math.max(intervalSeconds * 1_000, roundMs);
};

function readToken(env: Env): string {
  const token = env.BRAPI_TOKEN ?? "";
  if (token === "") throw new SettingError(["BRAPI_TOKEN is missing, which QUOTE_SOURCE=brapi needs"]);
  // Not the value: it goes into a header, and nowhere else.
  if (!/^[\x21-\x7e]{1,200}$/.test(token)) throw new SettingError(["BRAPI_TOKEN is not a token"]);
  return token;
}

function readUrl(env: Env): string {
  const value = env.BRAPI_URL || "https://brapi.dev";
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new SettingError(["BRAPI_URL is not an address such as https://brapi.dev"]);
  }
  return value.replace(/\/+$/, "");
}
