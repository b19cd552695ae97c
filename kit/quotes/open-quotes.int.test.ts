import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { quotedInstruments } from "../instruments.js";
import { openQuotes, type QuoteFeed, type SkippedQuote } from "./open-quotes.js";
import type { Quote } from "./quote.js";
import { intervalAt, simulatedQuote } from "./simulated-quote.js";

const token = "not-a-secret";
const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Collects what a feed emits. */
function listen(settings: Parameters<typeof openQuotes>[0]["settings"]) {
  const batches: (readonly Quote[])[] = [];
  const skipped: SkippedQuote[] = [];
  const feed: QuoteFeed = openQuotes({
    settings,
    onQuotes: (quotes) => batches.push(quotes),
    onSkipped: (skip) => skipped.push(skip),
  });
  closers.push(() => feed.close());
  return { batches, skipped, feed };
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: { ticker: string; at: number; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const ticker = (request.url ?? "").split("/").at(-1) ?? "";
    asked.push({ ticker, at: performance.now(), authorization: request.headers.authorization });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function brapi(url: string, spacingMs: number) {
  return { source: "brapi", token, url, intervalSeconds: 3_600, spacingMs } as const;
}

function answerPrice(request: IncomingMessage, response: ServerResponse, price: unknown) {
  const symbol = (request.url ?? "").split("/").at(-1);
  const result = { symbol, regularMarketPrice: price, regularMarketChangePercent: -1.2345 };
  response.end(JSON.stringify({ results: [{ ...result, regularMarketVolume: 12_345 }] }));
}

describe("simulated feed", () => {
  it("emits all instruments at once, and again at the boundary of each interval", async () => {
    const { batches } = listen({ source: "simulated", seed: "7", intervalSeconds: 1 });
    expect(batches).toHaveLength(1);
    await vi.waitFor(() => expect(batches.length).toBeGreaterThanOrEqual(3), { timeout: 5_000 });
    const times = batches.map((batch) => Date.parse(batch[0]?.time ?? ""));
    expect(times.slice(1).map((time, index) => time - (times[index] ?? 0))).toEqual(
      times.slice(1).map(() => 1_000),
    );
    for (const [index, batch] of batches.entries()) {
      const k = intervalAt(times[index] ?? 0, 1);
      const moment = { seed: "7", intervalSeconds: 1, k };
      expect(batch).toEqual(quotedInstruments.map((instrument) => simulatedQuote(instrument, moment)));
    }
  });
});

describe("brapi feed", () => {
  it("asks for one ticker a call with the token in a header, and emits each on its tick", async () => {
    const { url, asked } = await serve((request, response) => answerPrice(request, response, 38.5049));
    const { batches } = listen(brapi(url, 1));
    await vi.waitFor(() => expect(batches).toHaveLength(50), { timeout: 10_000 });
    expect(asked.map(({ ticker }) => ticker)).toEqual(quotedInstruments.map(({ ticker }) => ticker));
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${token}`]));
    expect(batches[0]).toMatchObject([{ price: 385_000, changePercent: -1.23, volume: 12_345 }]);
  });

  it("keeps its calls apart", async () => {
    const { url, asked } = await serve((request, response) => answerPrice(request, response, 10));
    listen(brapi(url, 200));
    await vi.waitFor(() => expect(asked).toHaveLength(4), { timeout: 10_000 });
    const gaps = asked.slice(1).map(({ at }, index) => at - (asked[index]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(199);
  });

  it("skips what fails and goes on, saying why without the token", async () => {
    const answers: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
      PETR4: (_, response) => response.writeHead(429).end(token),
      PETR3: (_, response) => response.destroy(),
      VALE3: (_, response) => response.end("<html>"),
      ITUB4: (request, response) => answerPrice(request, response, -1),
      BBDC4: (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      BBDC3: (_, response) => response.end('{"results":[{"symbol":"OTHER3","regularMarketPrice":1}]}'),
      BBAS3: (request, response) => answerPrice(request, response, 1e15),
      SANB11: (_, response) => response.end('{"results":[null]}'),
    };
    const { url } = await serve((request, response) => {
      const own = answers[(request.url ?? "").split("/").at(-1) ?? ""];
      if (own === undefined) answerPrice(request, response, 12.34);
      else own(request, response);
    });
    const { batches, skipped } = listen(brapi(url, 1));
    await vi.waitFor(() => expect(batches).toHaveLength(42), { timeout: 10_000 });
    expect(skipped.map(({ ticker }) => ticker)).toEqual(Object.keys(answers));
    expect(skipped.slice(0, 4).map(({ reason }) => reason)).toEqual([
      "status 429",
      "no connection",
      "an answer without a price",
      "an answer without a price",
    ]);
    expect(JSON.stringify(skipped)).not.toContain(token);
  });

  it("ends while an answer is awaited", async () => {
    const { url, asked } = await serve(() => {});
    const { feed, batches, skipped } = listen(brapi(url, 1));
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    await feed.close();
    expect([batches, skipped]).toEqual([[], []]);
  });
});
