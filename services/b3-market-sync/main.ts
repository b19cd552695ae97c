import Type from "typebox";
import { ProblemBody, pageOf, Quote } from "../../contracts/rest.js";
import { openCache } from "../../kit/cache/cache.js";
import { quotedInstruments } from "../../kit/instruments.js";
import { readQuoteSettings } from "../../kit/quotes/quote-settings.js";
import { httpUrl, readCacheSettings, readListenSettings, readSettings } from "../../kit/settings.js";
import { createUsers, type Users } from "../shared/auth/users.js";
import { defineService } from "../shared/define-service.js";
import type { App } from "../shared/http/open-server.js";
import { notFound } from "../shared/http/problem.js";
import { runQuotes } from "../shared/quotes/run-quotes.js";
import { createMarketPrices, type MarketPrices } from "./adapters/market-prices.js";

/** The exchange's reference prices: from the source into b3-market-cache. */
export const b3MarketSync = defineService("b3-market-sync", async (parts) => {
  const { env, log, own } = parts;
  const settings = readSettings(env, {
    listen: readListenSettings,
    cache: readCacheSettings,
    quotes: readQuoteSettings,
    identityUrl: httpUrl("IDENTITY_URL"),
  });
  const cache = own(await openCache(settings.cache));
  const prices = createMarketPrices(cache);
  const users = own(createUsers({ identityUrl: settings.identityUrl, log }));
  const server = await parts.serve({
    description: "Quotes of the exchange.",
    listen: settings.listen,
    dependencies: [{ name: "b3-market-cache", check: () => cache.ping() }],
    routes: (app) => addRoutes(app, prices, users),
  });
  const store = { name: "b3-market-cache", capacity: quotedInstruments.length, write: prices.write };
  own(runQuotes({ ...parts, settings: settings.quotes, stores: [store] }));
  prices.restore().catch((error: unknown) => log.warn({ error }, "earlier prices are not there"));
  return server;
});

function addRoutes(app: App, prices: MarketPrices, { requireUser }: Users): void {
  app.get("/quotes", { preHandler: requireUser, schema: { response: { 200: pageOf(Quote) } } }, async () => ({
    items: prices.list(),
    next: null,
  }));
  const params = Type.Object({ ticker: Type.String() });
  const response = { 200: Quote, 404: ProblemBody };
  app.get("/quotes/:ticker", { preHandler: requireUser, schema: { params, response } }, async (request) => {
    const quote = prices.find(request.params.ticker);
    if (quote === undefined) throw notFound("quote");
    return quote;
  });
}
