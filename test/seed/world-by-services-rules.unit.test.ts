import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupBy, type Row, readRows } from "../../cli/seed/world/testing/read-world.js";
import { createWorld, type World } from "../../cli/seed/world/world.js";
import {
  MarketPrice,
  marketPriceKey,
  type OrderEvent,
  type ResultMessage,
  type WalletEvent,
} from "../../contracts/messages.js";
import { findInstrument, type Instrument } from "../../kit/instruments.js";
import { type Money, parseMoney, toPayload } from "../../kit/money.js";
import type { Timestamp } from "../../kit/sql/columns.js";
import type { SqlDialect } from "../../kit/sql/dialect.js";
import { toMarketDataEvent } from "../../services/broker-market-data/adapters/market-data-event.js";
import { toOrderRow } from "../../services/broker-order/adapters/order-rows.js";
import { applyResult } from "../../services/broker-order/domain/apply-result.js";
import { hold, refuse, requestCancel } from "../../services/broker-order/domain/lifecycle.js";
import { type Change, type Order, openOrder } from "../../services/broker-order/domain/order.js";
import {
  toAccountSnapshot,
  toOrderSnapshot,
  toPricePoint,
  toStatementLine,
} from "../../services/broker-report/domain/documents.js";
import { toOutboxRow } from "../../services/broker-wallet/adapters/events.js";
import { createRows } from "../../services/broker-wallet/adapters/rows.js";
import { Book } from "../../services/broker-wallet/domain/book.js";
import { type Command, execute } from "../../services/broker-wallet/domain/commands.js";
import { readOrderNews } from "../../services/broker-wallet/domain/order-news.js";
import { Refusal } from "../../services/broker-wallet/domain/refusal.js";
import { compile } from "../../services/shared/validate.js";

/** Columns as the data set has them: money as a count, time in ms. */
const dialect = {
  money: (amount: Money) => amount,
  timestamp: (at: Timestamp) => at / 1_000,
} as unknown as SqlDialect;
const walletRows = createRows(dialect);

const world = (randomSeed: number) => createWorld({ randomSeed, scale: 0.01, asOfMs: 1_790_000_000_000 });
const seeds = fc.integer({ min: 0, max: 0xffffffff });
const runs = { numRuns: 4 };
const money = (value: unknown) => toPayload(value as Money);

/** What the order service would have published, and the order as it would have kept it. */
interface Life {
  readonly order: Order;
  readonly events: readonly OrderEvent[];
  readonly executions: readonly (readonly [string, number, number, number])[];
}

/** By the order service's own rules: the order as it was placed, and what the exchange told. */
function liveOrder(
  row: Row,
  results: readonly Row[],
  { heldMs, asOfMs }: { heldMs: number; asOfMs: number },
): Life {
  const wish = {
    ...{ orderId: row.order_id, userId: row.user_id, ticker: row.ticker, side: row.side },
    ...{ type: row.type, timeInForce: row.time_in_force, quantity: row.quantity, price: row.price },
  } as unknown as Parameters<typeof openOrder>[0];
  const events: OrderEvent[] = [];
  const executions: Life["executions"][number][] = [];
  let order = openOrder(wish, Number(row.created_at));
  const apply = (change: Change | undefined) => {
    if (change === undefined) throw new Error(`nothing changes at ${row.order_id}`);
    order = change.order;
    if (change.event !== undefined) events.push(change.event);
    if (change.execution === undefined) return;
    const { executionId, quantity, price } = change.execution;
    executions.push([executionId, quantity, price, order.updatedAt]);
  };
  if (results.length === 0) {
    apply(refuse(order, String(row.reason), Number(row.updated_at)));
    return { order, events, executions };
  }
  apply(hold(order, heldMs));
  for (const result of results) {
    const now = Math.min(Number(result.at_ms) + 2, asOfMs);
    if (result.status === "CANCELLED" && result.reason === null) apply(requestCancel(order, now));
    apply(applyResult(order, () => undefined, { result: toMessage(result), now }));
  }
  return { order, events, executions };
}

function toMessage(row: Row): ResultMessage {
  return {
    ...{ orderId: row.order_id, status: row.status, reason: row.reason, orderSeq: row.order_seq },
    ...{ executionId: row.execution_id, executedQuantity: row.executed_quantity },
    executedPrice: row.executed_price === null ? null : money(row.executed_price),
    ...{ cumQuantity: row.cum_quantity, leavesQuantity: row.leaves_quantity },
  } as ResultMessage;
}

function liveAll(from: World): Map<unknown, Life> {
  const results = groupBy(readRows(from, "exchange", "results"), (row) => row.order_id);
  const reserved = new Map(
    readRows(from, "wallet", "transactions")
      .filter((row) => row.transaction_type === "RESERVE")
      .map((row) => [row.order_id, Number(row.created_at)]),
  );
  return new Map(
    readRows(from, "order", "orders").map((row) => {
      const told = [...(results.get(row.order_id) ?? [])].sort(
        (a, b) => Number(a.order_seq) - Number(b.order_seq),
      );
      const heldMs = reserved.get(row.order_id) ?? 0;
      return [row.order_id, liveOrder(row, told, { heldMs, asOfMs: from.asOfMs })];
    }),
  );
}

/** The commands that a user's ledger comes from, by its lines. */
function* readCommands(lines: readonly Row[], lives: ReadonlyMap<unknown, Life>): Generator<[Command, Row]> {
  const done = new Set<OrderEvent>();
  for (const line of lines) {
    const userId = String(line.user_id);
    const life = lives.get(line.order_id);
    if (line.transaction_type === "DEPOSIT" || line.transaction_type === "WITHDRAWAL") {
      const amount = Math.abs(Number(line.amount)) as Money;
      yield [{ kind: line.transaction_type, userId, amount }, line];
    } else if (line.transaction_type === "CUSTODY_IN") {
      // Its cost is not in the ledger: the position has it.
      const custody = {
        userId,
        ticker: String(line.ticker),
        quantity: Number(line.quantity),
        cost: 0 as Money,
      };
      yield [{ kind: "CUSTODY_IN", ...custody }, line];
    } else if (line.transaction_type === "RESERVE" && life !== undefined) {
      const { orderId, ticker, side, quantity, price: unitPrice } = life.order;
      yield [{ kind: "RESERVE", orderId, terms: { userId, ticker, side, quantity, unitPrice } }, line];
    } else {
      const event = life?.events.find((one) =>
        line.execution_id === null ? one.leavesQuantity === 0 : one.executionId === line.execution_id,
      );
      const news = event && !done.has(event) ? readOrderNews(event) : undefined;
      if (event !== undefined) done.add(event);
      if (news !== undefined) yield [news, line];
    }
  }
}

/** Books and lines by the wallet's own rules. */
function keepLedger(lives: ReadonlyMap<unknown, Life>, transactions: readonly Row[]) {
  const book = new Book();
  const kept: Row[] = [];
  const events: WalletEvent[] = [];
  for (const lines of groupBy(transactions, (row) => row.user_id).values()) {
    for (const [command, { created_at }] of readCommands(lines, lives)) {
      const outcome = execute(book, command);
      if (outcome instanceof Refusal) throw outcome;
      for (const entry of outcome.entries) {
        const transactionId = String(lines[entry.sequence - 1]?.transaction_id);
        const createdAt = (Number(created_at) * 1_000) as Timestamp;
        const full = { ...entry, transactionId, createdAt, traceparent: "" };
        kept.push(walletRows.entry(full) as unknown as Row);
        events.push(toOutboxRow(full).payload as WalletEvent);
      }
    }
  }
  for (const { events: told } of lives.values()) {
    const news = told[0]?.status === "REJECTED" ? readOrderNews(told[0]) : undefined;
    if (news !== undefined) execute(book, news);
  }
  return { book, kept, events };
}

const isMarketPrice = compile(MarketPrice);

const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();

function readDocuments(from: World, collection: string) {
  return [...from.documentsOf("report", collection)].flatMap(({ documents }) => documents);
}

describe("the data set, by the rules of the services themselves", () => {
  it("has the orders and executions that broker-order makes of the exchange's results", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const from = world(seed);
        const lives = liveAll(from);
        const orders = readRows(from, "order", "orders");
        expect(orders).toEqual(
          orders.map(({ order_id }) => toOrderRow(dialect, lives.get(order_id)?.order as Order)),
        );
        const recorded = [...lives].flatMap(([orderId, { executions }]) =>
          executions.map(([execution_id, quantity, price, recorded_at]) => {
            return { order_id: orderId, execution_id, quantity, price, recorded_at };
          }),
        );
        expect(readRows(from, "order", "executions")).toEqual(recorded);
      }),
      runs,
    );
  });

  it("has the ledger, accounts and reservations that broker-wallet makes of the order events", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const from = world(seed);
        const transactions = readRows(from, "wallet", "transactions");
        const { book, kept } = keepLedger(liveAll(from), transactions);
        expect(kept).toEqual(transactions);
        const accounts = readRows(from, "wallet", "accounts");
        expect(sorted(accounts)).toEqual(
          sorted(
            book.accounts.values().map((account) => {
              const last = kept.findLast(({ user_id }) => user_id === account.userId);
              return walletRows.account(account, (Number(last?.created_at) * 1_000) as Timestamp);
            }),
          ),
        );
        expect(sorted(readRows(from, "wallet", "reservations"))).toEqual(
          sorted(book.reservations.values().map(walletRows.reservation)),
        );
        const brought = new Set(
          transactions
            .filter((row) => row.transaction_type === "CUSTODY_IN")
            .map((row) => `${row.user_id} ${row.ticker}`),
        );
        // The cost of what was brought in is in the position alone.
        const known = ({ total_cost, ...row }: Record<string, unknown>) =>
          brought.has(`${row.user_id} ${row.ticker}`) ? row : { ...row, total_cost };
        expect(sorted(readRows(from, "wallet", "positions").map(known))).toEqual(
          sorted(book.positions.values().map(walletRows.position).map(known)),
        );
      }),
      runs,
    );
  });

  it("has the reports that broker-report makes of all events", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const from = world(seed);
        const lives = liveAll(from);
        const orders = [...lives.values()].map(({ events }) => toOrderSnapshot(events.at(-1) as OrderEvent));
        expect(readDocuments(from, "order_reports")).toEqual(orders);
        const { events } = keepLedger(lives, readRows(from, "wallet", "transactions"));
        const lines = events.map((event) => ({ id: event.eventId, document: toStatementLine(event) }));
        expect(readDocuments(from, "statement_lines")).toEqual(lines);
        const last = new Map(events.map((event) => [event.userId, event]));
        expect(readDocuments(from, "account_reports")).toEqual([...last.values()].map(toAccountSnapshot));
      }),
      runs,
    );
  });

  it("has the prices that broker-market-data, broker-report and b3-market-sync keep of quotes", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const from = world(seed);
        const documents = [...from.documentsOf("market-data")].flatMap((batch) => batch.documents);
        const events = documents.map(({ document: { ticker, price, volume, updated_at } }) => {
          const instrument = findInstrument(String(ticker)) as Instrument;
          const quote = { price: parseMoney(price), changePercent: 0, volume: Number(volume) };
          return toMarketDataEvent({ instrument, ...quote, time: String(updated_at) });
        });
        const created_at = new Date(from.asOfMs).toISOString();
        expect(documents).toEqual(
          events.map((event) => {
            return { id: `${event.ticker}:${event.updated_at}`, document: { ...event, created_at } };
          }),
        );
        expect(readDocuments(from, "asset_history")).toEqual(
          events.map(toPricePoint).map((document) => {
            return { id: `${document.ticker} ${document.place}`, document };
          }),
        );
        const last = new Map(events.map((event) => [marketPriceKey(event.ticker), event.price]));
        expect(from.entriesOf("asset-cache")).toEqual([...last].map(([key, price]) => [key, String(price)]));
        for (const [key, value] of from.entriesOf("market-cache")) {
          expect(isMarketPrice(JSON.parse(value))).toMatchObject({
            ok: true,
            value: { regularMarketPrice: last.get(key), regularMarketTime: created_at },
          });
        }
      }),
      runs,
    );
  });
});
