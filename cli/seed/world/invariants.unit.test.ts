import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findInstrument } from "../../../kit/instruments.js";
import { groupBy, type Row, readRows } from "./testing/read-world.js";
import { createWorld, type World } from "./world.js";

const worlds = fc
  .record({ randomSeed: fc.integer({ min: 0, max: 0xffffffff }), scale: fc.constantFrom(0.01, 0.013) })
  .map((options) => createWorld({ ...options, asOfMs: Date.UTC(2026, 10, 22, 15) }));
const check = (rule: (world: World) => void) => fc.assert(fc.property(worlds, rule), { numRuns: 6 });

const finals = ["FILLED", "REJECTED", "CANCELLED", "EXPIRED"];
const isFinal = (row: Row) => finals.includes(String(row.status));
const sum = (rows: readonly Row[], amountOf: (row: Row) => number) =>
  rows.reduce((total, row) => total + amountOf(row), 0);
const number = (value: unknown) => Number(value);
const baseOf = (ticker: unknown) => String(ticker).replace(/F$/, "");
const by = (rows: readonly Row[], column: string) => new Map(rows.map((row) => [row[column], row]));

function readAll(world: World) {
  const results = readRows(world, "exchange", "results");
  return {
    orders: readRows(world, "order", "orders"),
    recorded: readRows(world, "order", "executions"),
    accounts: readRows(world, "wallet", "accounts"),
    positions: readRows(world, "wallet", "positions"),
    reservations: readRows(world, "wallet", "reservations"),
    transactions: readRows(world, "wallet", "transactions"),
    commands: readRows(world, "exchange", "commands"),
    booked: readRows(world, "exchange", "orders"),
    results,
    executions: results.filter(({ execution_id }) => execution_id !== null),
  };
}

describe("what holds of every world, by its rows", () => {
  it("cash of each account is what came in and went out, never below zero, and with the provider's all that was paid in", () => {
    check((world) => {
      const { accounts, transactions, executions, orders } = readAll(world);
      const orderOf = by(orders, "order_id");
      const worth = (row: Row) => number(row.executed_price) * number(row.executed_quantity);
      const signed = (row: Row) => (orderOf.get(row.order_id)?.side === "SELL" ? worth(row) : -worth(row));
      const paidIn = (rows: readonly Row[]) =>
        sum(rows, (row) =>
          row.transaction_type === "DEPOSIT" || row.transaction_type === "WITHDRAWAL"
            ? number(row.amount)
            : 0,
        );
      const linesOf = groupBy(transactions, ({ user_id }) => user_id);
      const tradesOf = groupBy(executions, (row) => orderOf.get(row.order_id)?.user_id);
      for (const { user_id, available, blocked } of accounts) {
        const expected = paidIn(linesOf.get(user_id) ?? []) + sum(tradesOf.get(user_id) ?? [], signed);
        expect(number(available) + number(blocked)).toBe(expected);
        expect(Math.min(number(available), number(blocked))).toBeGreaterThanOrEqual(0);
      }
      const provider = -sum(
        executions.filter(({ counter_order_id }) => counter_order_id === null),
        signed,
      );
      const held = sum(accounts, ({ available, blocked }) => number(available) + number(blocked));
      expect(held + provider).toBe(paidIn(transactions));
    });
  });

  it("shares of each position are what came in and was traded, never below zero", () => {
    check((world) => {
      const { positions, transactions, executions, orders } = readAll(world);
      const orderOf = by(orders, "order_id");
      const keyOf = (row: Row) => `${row.user_id} ${baseOf(row.ticker)}`;
      const expected = new Map<string, number>();
      const add = (key: string, quantity: number) => expected.set(key, (expected.get(key) ?? 0) + quantity);
      for (const row of transactions) {
        if (row.transaction_type === "CUSTODY_IN") add(keyOf(row), number(row.quantity));
      }
      for (const row of executions) {
        const order = orderOf.get(row.order_id) as Row;
        add(keyOf(order), (order.side === "BUY" ? 1 : -1) * number(row.executed_quantity));
      }
      for (const row of positions) {
        expect([keyOf(row), number(row.available) + number(row.blocked)]).toEqual([
          keyOf(row),
          expected.get(keyOf(row)) ?? 0,
        ]);
        expect(
          Math.min(number(row.available), number(row.blocked), number(row.total_cost)),
        ).toBeGreaterThanOrEqual(0);
        expected.delete(keyOf(row));
      }
      expect([...expected]).toEqual([]);
    });
  });

  it("ledgers are without gaps, and each line's balance is that of the one before with what it moved", () => {
    check((world) => {
      const { accounts, transactions } = readAll(world);
      const accountOf = by(accounts, "user_id");
      for (const lines of groupBy(transactions, ({ user_id }) => user_id).values()) {
        let [available, blocked, atMs] = [0, 0, 0];
        for (const [index, line] of lines.entries()) {
          const paysFromBlocked = line.transaction_type === "SETTLEMENT" && number(line.amount) < 0;
          const movesBoth = line.transaction_type === "RESERVE" || line.transaction_type === "REFUND";
          if (!paysFromBlocked) available += number(line.amount);
          if (paysFromBlocked) blocked += number(line.amount);
          if (movesBoth) blocked -= number(line.amount);
          expect([line.sequence, line.balance_after, line.blocked_balance_after]).toEqual([
            index + 1,
            available,
            blocked,
          ]);
          expect(Math.min(available, blocked)).toBeGreaterThanOrEqual(0);
          expect(number(line.created_at)).toBeGreaterThanOrEqual(atMs);
          atMs = number(line.created_at);
        }
        const account = accountOf.get(lines[0]?.user_id) as Row;
        expect([account.available, account.blocked, account.sequence, account.updated_at]).toEqual([
          available,
          blocked,
          lines.length,
          atMs,
        ]);
      }
      expect(accounts).toHaveLength(world.counts.users);
    });
  });

  it("what is blocked is what open orders hold", () => {
    check((world) => {
      const { accounts, positions, reservations, orders } = readAll(world);
      const orderOf = by(orders, "order_id");
      const left = (row: Row) => number(row.quantity) - number(row.settled) - number(row.released);
      const heldBy = (side: string) => (row: Row) => row.side === side;
      const cash = groupBy(reservations.filter(heldBy("BUY")), ({ user_id }) => user_id);
      for (const { user_id, blocked } of accounts) {
        expect(blocked).toBe(sum(cash.get(user_id) ?? [], (row) => left(row) * number(row.unit_price)));
      }
      const shares = groupBy(
        reservations.filter(heldBy("SELL")),
        (row) => `${row.user_id} ${baseOf(row.ticker)}`,
      );
      for (const { user_id, ticker, blocked } of positions) {
        expect(blocked).toBe(sum(shares.get(`${user_id} ${ticker}`) ?? [], left));
      }
      expect(reservations).toHaveLength(orders.length);
      for (const row of reservations) {
        const order = orderOf.get(row.order_id) as Row;
        expect(row.state).toBe(isFinal(order) ? "RELEASED" : "HELD");
        if (row.user_id === null) expect([order.status, order.reservation]).toEqual(["REJECTED", "RELEASED"]);
        else expect(left(row)).toBe(isFinal(order) ? 0 : number(order.quantity) - number(order.cum_quantity));
      }
    });
  });

  it("each execution is recorded and settled once on each of its sides, at no price worse than the limit", () => {
    check((world) => {
      const { executions, recorded, transactions, orders } = readAll(world);
      const orderOf = by(orders, "order_id");
      const key = (row: Row) => `${row.execution_id}/${row.order_id}`;
      const settled = transactions.filter(({ transaction_type }) => transaction_type === "SETTLEMENT");
      const keys = executions.map(key).sort();
      expect(new Set(keys).size).toBe(keys.length);
      expect(recorded.map(key).sort()).toEqual(keys);
      expect(settled.map(key).sort()).toEqual(keys);
      const sides = new Map(executions.map((row) => [key(row), row]));
      for (const row of executions) {
        const order = orderOf.get(row.order_id) as Row;
        const better = (number(order.price) - number(row.executed_price)) * (order.side === "BUY" ? 1 : -1);
        expect(better).toBeGreaterThanOrEqual(0);
        if (row.counter_order_id === null) continue;
        const other = sides.get(`${row.execution_id}/${row.counter_order_id}`) as Row;
        const counter = orderOf.get(row.counter_order_id) as Row;
        expect([other.counter_order_id, other.executed_price, other.executed_quantity]).toEqual([
          row.order_id,
          row.executed_price,
          row.executed_quantity,
        ]);
        expect(counter.side).not.toBe(order.side);
        expect(counter.ticker).toBe(order.ticker);
      }
    });
  });

  it("each order is at the exchange what the order service says, and its results lead there", () => {
    check((world) => {
      const { orders, booked, results, commands } = readAll(world);
      const bookedOf = by(booked, "order_id");
      const newOf = by(
        commands.filter(({ kind }) => kind === "NEW"),
        "order_id",
      );
      const told = groupBy(results, ({ order_id }) => order_id);
      for (const order of orders) {
        const there = bookedOf.get(order.order_id);
        if (there === undefined) {
          expect(order).toMatchObject({ status: "REJECTED", version: 1, acknowledged: 0, cum_quantity: 0 });
          expect(["NO_FUNDS", "NO_SHARES"]).toContain(order.reason);
          continue;
        }
        const leaves = isFinal(order) ? 0 : number(order.quantity) - number(order.cum_quantity);
        expect(there).toMatchObject({
          ...{ status: order.status, cum_quantity: order.cum_quantity, leaves_quantity: leaves },
          ...{ ticker: order.ticker, side: order.side, price: order.price, quantity: order.quantity },
          ...{ type: order.type, time_in_force: order.time_in_force },
        });
        expect(newOf.get(order.order_id)).toMatchObject({ sequence: there.sequence });
        const answers = (told.get(order.order_id) ?? []).sort(
          (a, b) => number(a.order_seq) - number(b.order_seq),
        );
        expect(answers.map(({ order_seq }) => order_seq)).toEqual(answers.map((_, index) => index + 1));
        expect(sum(answers, (row) => number(row.executed_quantity))).toBe(order.cum_quantity);
        expect(answers.at(-1)).toMatchObject({
          ...{ order_seq: there.order_seq, cum_quantity: there.cum_quantity },
          ...{ leaves_quantity: leaves, reason: order.reason },
        });
      }
      expect(newOf.size).toBe(booked.length);
    });
  });

  it("the exchange's numbers end at -1, each is there once, and they follow time", () => {
    check((world) => {
      const { commands, results, booked } = readAll(world);
      const rising = (rows: readonly Row[], column: string) => {
        const sorted = [...rows].sort((a, b) => number(a[column]) - number(b[column]));
        const times = sorted.map(({ at_ms }) => number(at_ms));
        expect(new Set(rows.map((row) => row[column])).size).toBe(rows.length);
        return { times, highest: sorted.at(-1)?.[column] };
      };
      const isSorted = (times: readonly number[]) => expect(times).toEqual([...times].sort((a, b) => a - b));
      const { times, highest } = rising(commands, "sequence");
      isSorted(times);
      expect(highest).toBe(-1);
      expect(rising(results, "id").highest).toBe(-1);
      isSorted(
        rising(
          results.filter(({ execution_id }) => execution_id !== null),
          "id",
        ).times,
      );
      for (const { execution_id, sequence } of results) {
        if (execution_id !== null) expect(execution_id).toMatch(new RegExp(`^${sequence}-[1-9]$`));
      }
      expect(new Set(booked.map(({ sequence }) => sequence)).size).toBe(booked.length);
    });
  });

  it("orders have the lot and tick of their book, and a price and quantity that it takes", () => {
    check((world) => {
      for (const { ticker, quantity, price } of readAll(world).orders) {
        const instrument = findInstrument(String(ticker));
        if (instrument === undefined) throw new Error(`${ticker} is not listed`);
        expect(number(quantity) % instrument.lotSize).toBe(0);
        expect(number(quantity)).toBeGreaterThan(0);
        expect(number(quantity)).toBeLessThanOrEqual(instrument.maxQuantity);
        expect(number(price) % instrument.tick).toBe(0);
        expect(number(price)).toBeGreaterThan(0);
      }
    });
  });

  it("open orders came on the day of as-of, do not meet each other, and are beyond what a day's prices reach", () => {
    check((world) => {
      const { booked, commands } = readAll(world);
      const newOf = by(commands, "order_id");
      const open = booked.filter(({ leaves_quantity }) => number(leaves_quantity) > 0);
      expect(open.length).toBeGreaterThanOrEqual(world.counts.users);
      for (const row of open) {
        const base = findInstrument(String(row.ticker))?.basePrice ?? 0;
        // 8 %, a tick and the provider's spread.
        const distance = (number(row.price) - base) * (row.side === "SELL" ? 1 : -1);
        expect(distance).toBeGreaterThan(base * 0.08 + 200);
        expect(row).toMatchObject({ type: "LIMIT", time_in_force: "DAY", session_date: "2026-11-22" });
        expect(newOf.get(row.order_id)?.at_ms).toBe(world.asOfMs);
      }
      const days = new Map(commands.map(({ sequence, at_ms }) => [sequence, number(at_ms)]));
      for (const { sequence, session_date } of booked) {
        const local = new Date((days.get(sequence) ?? 0) - 3 * 3_600_000).toISOString().slice(0, 10);
        expect([local, null]).toContain(session_date);
      }
    });
  });
});

describe("a tenth of the whole", () => {
  const world = createWorld({ randomSeed: 42, scale: 0.1, asOfMs: Date.UTC(2026, 10, 22) });
  const { orders, results, transactions, executions } = readAll(world);
  const kindsOf = (rows: readonly Row[], ...columns: string[]) =>
    new Set(rows.map((row) => columns.map((column) => row[column]).join(" ")));

  it("has every status, type and time in force", () => {
    expect(kindsOf(orders, "status")).toEqual(
      new Set(["PENDING", "PARTIALLY_FILLED", "FILLED", "REJECTED", "CANCELLED", "EXPIRED"]),
    );
    expect(kindsOf(orders, "type", "time_in_force")).toEqual(
      new Set(["LIMIT DAY", "LIMIT IOC", "LIMIT FOK", "MARKET IOC", "MARKET FOK"]),
    );
    expect(kindsOf(orders, "status", "reason")).toEqual(
      new Set([
        ...["PENDING ", "PARTIALLY_FILLED ", "FILLED ", "CANCELLED ", "CANCELLED NO_LIQUIDITY"],
        ...["EXPIRED SESSION_END", "REJECTED NO_FUNDS", "REJECTED NO_SHARES", "REJECTED SESSION_CLOSED"],
      ]),
    );
  });

  it("has ends with and without a part executed, and both kinds of other side", () => {
    for (const status of ["CANCELLED", "EXPIRED"]) {
      const ended = orders.filter((row) => row.status === status);
      expect(ended.some(({ cum_quantity }) => cum_quantity === 0)).toBe(true);
      expect(ended.some(({ cum_quantity }) => number(cum_quantity) > 0)).toBe(true);
    }
    expect(executions.some(({ counter_order_id }) => counter_order_id === null)).toBe(true);
    expect(executions.some(({ counter_order_id }) => counter_order_id !== null)).toBe(true);
    expect(kindsOf(results, "status")).toContain("ACCEPTED");
  });

  it("has shares, odd lots, funds and ETFs on both sides", () => {
    const kinds = orders.map(({ ticker, side }) => {
      const kind = String(ticker).endsWith("F") ? "ODD_LOT" : findInstrument(String(ticker))?.kind;
      return `${kind} ${side}`;
    });
    const all = ["SHARE", "ODD_LOT", "FUND", "ETF"].flatMap((kind) => [`${kind} BUY`, `${kind} SELL`]);
    expect(new Set(kinds)).toEqual(new Set(all));
  });

  it("has every movement, also what a better price gave back", () => {
    expect(kindsOf(transactions, "transaction_type")).toEqual(
      new Set(["DEPOSIT", "WITHDRAWAL", "CUSTODY_IN", "RESERVE", "SETTLEMENT", "REFUND"]),
    );
    const spared = ({ transaction_type, execution_id }: Row) =>
      transaction_type === "REFUND" && execution_id !== null;
    expect(transactions.some(spared)).toBe(true);
  });
});
