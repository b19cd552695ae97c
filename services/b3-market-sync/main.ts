import Type from "typebox";
import { ProblemBody, pageOf, Quote } from "../../contracts/rest.js";
import { openCache } from "../../kit/cache/cache.js";
import { quotedInstruments } from "../../kit/instruments.js";
import { readQuoteSettings } from "../../kit/quotes/quote-settings.js";
import { httpUrl, readCacheSettings, readListenSettings, readSettings } from "../../kit/settings.js";
import { createUsers, type Users } from "../shared/auth/users.js";
import { type App, openServer } from "../shared/http/open-server.js";
import { notFound } from "../shared/http/problem.js";
import { createLog } from "../shared/log.js";
import { createMetrics } from "../shared/metrics.js";
import { runQuotes } from "../shared/quotes/run-quotes.js";
import type { ServiceDefinition } from "../shared/service.js";
import { createMarketPrices, type MarketPrices } from "./adapters/market-prices.js";

const name = "b3-market-sync";

/** The exchange's reference prices: from the source into b3-market-cache. */
export const b3MarketSync: ServiceDefinition = {
  name,
  async start(context) {
    const settings = readSettings(context.env, {
      listen: readListenSettings,
      cache: readCacheSettings,
      quotes: readQuoteSettings,
      identityUrl: httpUrl("IDENTITY_URL"),
    });
    const log = createLog(name, context);
    const metrics = createMetrics();
    const cache = await openCache(settings.cache);
    const prices = createMarketPrices(cache);
    const users = createUsers({ identityUrl: settings.identityUrl, log });
    const server = await openServer({
      name,
      description: "Quotes of the exchange.",
      listen: settings.listen,
      log,
      metrics,
      dependencies: [{ name: "b3-market-cache", check: () => cache.ping() }],
      routes: (app) => addRoutes(app, prices, users),
    });
    const store = { name: "b3-market-cache", capacity: quotedInstruments.length, write: prices.write };
    const quotes = runQuotes({ settings: settings.quotes, stores: [store], log, metrics });
    prices.restore().catch((error: unknown) => log.warn({ error }, "earlier prices are not there"));
    return {
      address: server.address,
      close: async () => {
        await server.close();
        await quotes.close();
        users.close();
        await cache.close();
      },
    };
  },
};

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
