import Type from "typebox";
import { Asset, AssetPrice, ProblemBody, pageOf } from "../../../contracts/rest.js";
import type { Users } from "../../shared/auth/users.js";
import type { App } from "../../shared/http/open-server.js";
import { notFound, Problem } from "../../shared/http/problem.js";
import type { Catalogue } from "../app/catalogue.js";
import type { Prices } from "../app/prices.js";

interface AssetRoutes {
  readonly catalogue: Catalogue;
  readonly prices: Prices;
  readonly users: Users;
}

/** /api/v1/assets, /assets/{ticker}, /assets/{ticker}/price. */
export function addAssetRoutes(app: App, { catalogue, prices, users }: AssetRoutes): void {
  const preHandler = users.requireUser;
  // Not the pattern of a ticker: what is none is as little there as any other.
  const params = Type.Object({ ticker: Type.String() });
  const find = async (ticker: string) => {
    const listed = await catalogue.find(ticker);
    if (listed === undefined) throw notFound("asset");
    return listed;
  };
  const page = { response: { 200: pageOf(Asset), 503: ProblemBody } };
  app.get("/api/v1/assets", { preHandler, schema: page }, async () => {
    return { items: await catalogue.list(), next: null };
  });
  const one = { params, response: { 200: Asset, 404: ProblemBody, 503: ProblemBody } };
  app.get("/api/v1/assets/:ticker", { preHandler, schema: one }, async (request) => {
    return (await find(request.params.ticker)).asset;
  });
  const price = { params, response: { 200: AssetPrice, 404: ProblemBody, 503: ProblemBody } };
  app.get("/api/v1/assets/:ticker/price", { preHandler, schema: price }, async (request) => {
    const { asset, baseTicker } = await find(request.params.ticker);
    const { ticker } = asset;
    const found = await prices.find(baseTicker);
    if (found !== undefined) return { ...found, ticker };
    throw new Problem({ status: 404, code: "NO_PRICE", title: `${ticker} has no price yet.` });
  });
}
