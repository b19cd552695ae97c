import type { FastifyRequest, preHandlerHookHandler } from "fastify";
import Type from "typebox";
import { Id } from "../../../contracts/fields.js";
import {
  CustodyBody,
  MoneyBody,
  PageQuery,
  Position,
  ProblemBody,
  pageOf,
  Reservation,
  ReservationBody,
  Transaction,
  WalletSummary,
} from "../../../contracts/rest.js";
import { multiplyMoney, noMoney, toMoney } from "../../../kit/money.js";
import type { Timestamp } from "../../../kit/sql/columns.js";
import { type Users, userOf } from "../../shared/auth/users.js";
import type { Idempotency } from "../../shared/http/idempotency.js";
import type { App } from "../../shared/http/open-server.js";
import { readNumber, readPage } from "../../shared/http/pages.js";
import { readAmount, refuse } from "../../shared/http/problem.js";
import { makeId } from "../../shared/make-id.js";
import { nextTraceparent } from "../../shared/trace.js";
import type { Ledger, Outcome } from "../app/ledger.js";
import type { WalletStore } from "../app/store.js";
import type { CashMove, Command, CustodyMove } from "../domain/commands.js";
import { Refusal } from "../domain/refusal.js";
import { toPosition, toProblem, toSummary, toTransaction } from "./bodies.js";
import type { PriceCache } from "./price-cache.js";

export interface RouteOptions {
  readonly users: Pick<Users, "requireUser" | "requireAdmin">;
  readonly requireOrder: preHandlerHookHandler;
  readonly store: WalletStore;
  readonly ledger: Ledger;
  readonly prices: Pick<PriceCache, "read">;
  readonly idempotency: Idempotency;
  readonly now: () => Timestamp;
}

/** R$ 10 million a call: it is a simulator, which gives its money to itself. */
const depositLimit = toMoney(100_000_000_000);
const refusals = { 401: ProblemBody, 403: ProblemBody, 409: ProblemBody, 422: ProblemBody, 503: ProblemBody };

export function addRoutes(app: App, options: RouteOptions): void {
  addOwnRoutes(app, options);
  addMoves(app, options);
  addReservations(app, options);
}

function addOwnRoutes(app: App, options: RouteOptions): void {
  const { users, store, prices, now } = options;
  const preHandler = users.requireUser;
  const answer = <T>(body: T) => ({ 200: body, ...refusals });

  app.get(
    "/api/v1/wallets/me/summary",
    { preHandler, schema: { response: answer(WalletSummary) } },
    async (request) => toSummary(await store.openAccount(userOf(request).userId, now())),
  );
  app.get(
    "/api/v1/wallets/me/positions",
    { preHandler, schema: { response: answer(Type.Array(Position)) } },
    async (request) => {
      const positions = await store.readPositions(userOf(request).userId);
      const known = await prices.read(positions.map(({ ticker }) => ticker));
      return positions.map((position) => toPosition(position, known.get(position.ticker)));
    },
  );
  app.get(
    "/api/v1/wallets/me/transactions",
    { preHandler, schema: { querystring: PageQuery, response: answer(pageOf(Transaction)) } },
    async (request) => {
      const { userId } = userOf(request);
      return readPage(request.query, {
        readCursor: readNumber,
        find: ({ limit, before = Number.MAX_SAFE_INTEGER }) => store.readEntries(userId, { before, limit }),
        toCursor: ({ sequence }) => sequence,
        show: toTransaction,
      });
    },
  );
}

/** What moves cash or shares in or out, once per Idempotency-Key. */
function addMoves(app: App, options: RouteOptions): void {
  const { users, store, ledger, idempotency } = options;
  const move = async (request: FastifyRequest, command: CashMove | CustodyMove): Promise<Transaction> => {
    const answer = await idempotency.answerOnce({
      request,
      userId: userOf(request).userId,
      reference: makeId(),
      work: async (transactionId) => {
        const { entries } = await run(ledger, command, transactionId);
        const [entry] = entries;
        if (entry === undefined) throw new Error("a move without an entry");
        return { status: 200, body: toTransaction(entry) };
      },
      recover: async (transactionId) => {
        const entry = await store.findEntry(command.userId, transactionId);
        return entry && { status: 200, body: toTransaction(entry) };
      },
    });
    return answer.body as Transaction;
  };
  const response = { 200: Transaction, ...refusals };

  for (const [path, kind] of [
    ["deposit", "DEPOSIT"],
    ["withdraw", "WITHDRAWAL"],
  ] as const) {
    app.post(
      `/api/v1/wallets/me/${path}`,
      { preHandler: users.requireUser, schema: { body: MoneyBody, response } },
      async (request) => {
        const amount = readAmount(request.body.amount, "amount");
        if (kind === "DEPOSIT" && amount > depositLimit) {
          throw refuse("AMOUNT_LIMIT", "A deposit is at most R$ 10,000,000.00.", "amount");
        }
        return move(request, { kind, userId: userOf(request).userId, amount });
      },
    );
  }
  for (const [path, kind] of [
    ["custody-in", "CUSTODY_IN"],
    ["custody-out", "CUSTODY_OUT"],
  ] as const) {
    app.post(
      `/api/v1/wallets/${path}`,
      { preHandler: users.requireAdmin, schema: { body: CustodyBody, response } },
      async (request) => {
        const { unitPrice, ...shares } = request.body;
        const cost =
          unitPrice == null ? noMoney : multiplyMoney(readAmount(unitPrice, "unitPrice"), shares.quantity);
        return move(request, { kind, ...shares, cost });
      },
    );
  }
}

function addReservations(app: App, options: RouteOptions): void {
  const url = "/internal/v1/reservations/:orderId";
  const preHandler = options.requireOrder;
  const params = Type.Object({ orderId: Id });
  const response = { 200: Reservation, ...refusals };

  app.put(url, { preHandler, schema: { params, body: ReservationBody, response } }, async (request) => {
    const { orderId } = request.params;
    const { unitPrice, ...terms } = request.body;
    const command = {
      kind: "RESERVE",
      orderId,
      terms: { ...terms, unitPrice: readAmount(unitPrice, "unitPrice") },
    } as const;
    await run(options.ledger, command);
    return { orderId, state: "HELD" as const };
  });
  app.delete(url, { preHandler, schema: { params, response } }, async (request) => {
    const { orderId } = request.params;
    const { reservation } = await run(options.ledger, { kind: "RELEASE", orderId });
    return { orderId, state: reservation?.state ?? ("RELEASED" as const) };
  });
}

async function run(ledger: Ledger, command: Command, transactionId?: string): Promise<Outcome> {
  const traceparent = nextTraceparent();
  try {
    return await ledger.run({
      command,
      traceparent,
      ...(transactionId === undefined ? {} : { transactionId }),
    });
  } catch (error) {
    throw error instanceof Refusal ? toProblem(error) : error;
  }
}
