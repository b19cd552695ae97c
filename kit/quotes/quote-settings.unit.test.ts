import { describe, expect, it } from "vitest";
import { readQuoteSettings, readRefreshMs } from "./quote-settings.js";

describe("settings of quotes", () => {
  it("have defaults that need no network", () => {
    expect(readQuoteSettings({})).toEqual({ source: "simulated", seed: "42", intervalSeconds: 5 });
    expect(readRefreshMs({})).toBe(5_000);
  });

  it("ask for a token where brapi is the source, and keep its calls half a second apart", () => {
    expect(() => readQuoteSettings({ QUOTE_SOURCE: "brapi", BRAPI_TOKEN: "" })).toThrow(
      "BRAPI_TOKEN is missing",
    );
    const env = { QUOTE_SOURCE: "brapi", BRAPI_TOKEN: "not-a-secret", QUOTE_INTERVAL: "60" };
    const url = "https://brapi.dev";
    expect(readQuoteSettings(env)).toEqual({
      ...{ source: "brapi", token: "not-a-secret", url, intervalSeconds: 60, spacingMs: 500 },
    });
    expect(readRefreshMs(env)).toBe(60_000);
    expect(readRefreshMs({ ...env, QUOTE_INTERVAL: "5" })).toBe(25_000);
  });

  it("name all that is wrong, and never the token", () => {
    const wrong = { QUOTE_SOURCE: "bloomberg", QUOTE_INTERVAL: "0" };
    expect(() => readQuoteSettings(wrong)).toThrow(/QUOTE_SOURCE.*QUOTE_INTERVAL/);
    const both = { QUOTE_SOURCE: "brapi", BRAPI_TOKEN: "not a\nsecret", BRAPI_URL: "file:///etc" };
    expect(() => readQuoteSettings(both)).toThrow("BRAPI_TOKEN is not a token; BRAPI_URL is not an address");
  });
});
