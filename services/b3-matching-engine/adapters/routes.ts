import Type from "typebox";
import { Id, Ticker } from "../../../contracts/fields.js";
import { Book, Execution, PageQuery, ProblemBody, pageOf } from "../../../contracts/rest.js";
import { type Money, toPayload } from "../../../kit/money.js";
import { readMoney } from "../../../kit/sql/columns.js";
import type { Database } from "../../../kit/sql/database.js";
import type { Users } from "../../shared/auth/users.js";
import type { App } from "../../shared/http/open-server.js";
import { readPage } from "../../shared/http/pages.js";
import { notFound, unavailable } from "../../shared/http/problem.js";
import type { Engine } from "../app/engine.js";
import type { BookLevel } from "../domain/order-book.js";
import type { EngineSchema, ExecutionRow } from "./schema.js";

interface Behind {
  readonly engine: Engine;
  readonly database: Database<EngineSchema>;
  readonly users: Pick<Users, "requireUser">;
}

const problems = { "4xx": ProblemBody, "5xx": ProblemBody };

/** The tape is public, as an exchange's is: it names orders and no users. */
export function addRoutes(app: App, { engine, database, users }: Behind): void {
  const preHandler = users.requireUser;
  const page = pageOf(Execution);
  app.get(
    "/executions",
    { preHandler, schema: { querystring: PageQuery, response: { 200: page, ...problems } } },
    ({ query }) =>
      readPage(query, {
        readCursor: readResultId,
        find: ({ limit, before = Number.MAX_SAFE_INTEGER }) => {
          const select = database.db.selectFrom("executions").selectAll().where("id", "<", before);
          return select.orderBy("id", "desc").limit(limit).execute();
        },
        toCursor: ({ id }) => id,
        show: toExecution,
      }),
  );
  app.get(
    "/executions/order/:orderId",
    {
      preHandler,
      schema: {
        params: Type.Object({ orderId: Id }),
        response: { 200: Type.Array(Execution), ...problems },
      },
    },
    async ({ params: { orderId } }) => {
      const { db } = database;
      const rows = db.selectFrom("executions").selectAll().where("order_id", "=", orderId).orderBy("id");
      const items = (await rows.execute()).map(toExecution);
      if (items.length > 0) return items;
      const known = db.selectFrom("orders").select("order_id").where("order_id", "=", orderId);
      if ((await known.executeTakeFirst()) === undefined) throw notFound("order");
      return items;
    },
  );
  app.get(
    "/book/:ticker",
    { preHandler, schema: { params: Type.Object({ ticker: Ticker }), response: { 200: Book, ...problems } } },
    async ({ params: { ticker } }) => {
      if (engine.market === undefined) throw unavailable("ENGINE_NOT_READY", "The engine is not ready.");
      const book = engine.market.books.get(ticker);
      if (book === undefined) throw notFound("ticker");
      const reference = book.reference === null ? null : toPayload(book.reference);
      return {
        ticker,
        bids: book.view("BUY").map(toLevel),
        asks: book.view("SELL").map(toLevel),
        reference,
      };
    },
  );
}

/** Below zero: of a data set that `mybroker seed` put before all else. */
function readResultId(cursor: string): number | undefined {
  return /^-?[1-9]\d{0,14}$/.test(cursor) ? Number(cursor) : undefined;
}

function toLevel({ price, quantity, orders }: BookLevel) {
  return { price: toPayload(price as Money), quantity, orders };
}

function toExecution(row: ExecutionRow) {
  return {
    executionId: row.execution_id,
    orderId: row.order_id,
    counterOrderId: row.counter_order_id,
    ticker: row.ticker,
    side: row.side,
    price: toPayload(readMoney(row.price)),
    quantity: row.quantity,
    executedAt: new Date(row.at_ms).toISOString(),
  };
}
