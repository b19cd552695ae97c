import Type from "typebox";
import { Ticker } from "../../../contracts/fields.js";
import {
  OrderReport,
  PageQuery,
  PricePoint,
  ProblemBody,
  pageOf,
  Statement,
} from "../../../contracts/rest.js";
import { findInstrument } from "../../../kit/instruments.js";
import { type Users, userOf } from "../../shared/auth/users.js";
import type { App } from "../../shared/http/open-server.js";
import { type PageSource, readPage } from "../../shared/http/pages.js";
import { fromCursor, type Placed, toCursor, withoutPlace } from "../domain/documents.js";
import type { ReportStore } from "./report-store.js";

interface ReportRoutes {
  readonly store: ReportStore;
  readonly users: Pick<Users, "requireUser">;
}

const refusals = { 401: ProblemBody, 422: ProblemBody, 503: ProblemBody };

/** /api/v1/reports/me/orders, /me/statement and /assets/{ticker}/history. */
export function addReportRoutes(app: App, { store, users }: ReportRoutes): void {
  const preHandler = users.requireUser;
  const querystring = PageQuery;

  const orders = { querystring, response: { 200: pageOf(OrderReport), ...refusals } };
  app.get("/api/v1/reports/me/orders", { preHandler, schema: orders }, (request) =>
    readPage(
      request.query,
      placed((page) => store.findOrders(userOf(request).userId, page)),
    ),
  );

  const statement = { querystring, response: { 200: Statement, ...refusals } };
  app.get("/api/v1/reports/me/statement", { preHandler, schema: statement }, async (request) => {
    const { userId } = userOf(request);
    const page = await readPage(
      request.query,
      placed((wanted) => store.findLines(userId, wanted)),
    );
    return { account: (await store.findAccount(userId)) ?? null, ...page };
  });

  const params = Type.Object({ ticker: Ticker });
  const history = { params, querystring, response: { 200: pageOf(PricePoint), ...refusals } };
  app.get("/api/v1/reports/assets/:ticker/history", { preHandler, schema: history }, (request) => {
    // An odd lot has the price of its share.
    const ticker = findInstrument(request.params.ticker)?.baseTicker ?? request.params.ticker;
    return readPage(
      request.query,
      placed((page) => store.findPrices(ticker, page)),
    );
  });
}

/** What readPage needs to know of documents. */
function placed<T>(find: PageSource<T & Placed, unknown, string>["find"]) {
  return { readCursor: fromCursor, find, toCursor, show: withoutPlace<T> };
}
