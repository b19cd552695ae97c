import type { Kysely } from "kysely";
import { findInstrument } from "../../kit/instruments.js";
import { readMoney, type SqlMoney } from "../../kit/sql/columns.js";
import { type DatabaseSettings, openDatabase } from "../../kit/sql/database.js";

/** The three databases that an order goes through. */
export interface OrderDatabases {
  readonly order: DatabaseSettings;
  readonly wallet: DatabaseSettings;
  readonly engine: DatabaseSettings;
}

interface OrderTables {
  orders: {
    order_id: string;
    user_id: string;
    status: string;
    reservation: string;
    quantity: number;
    cum_quantity: number;
  };
  executions: { order_id: string; execution_id: string };
  outbox: { id: number };
}
interface WalletTables {
  accounts: { user_id: string; available: SqlMoney; blocked: SqlMoney; sequence: number };
  positions: { user_id: string; ticker: string; available: number; blocked: number };
  reservations: {
    order_id: string;
    user_id: string | null;
    ticker: string;
    side: "BUY" | "SELL";
    quantity: number;
    unit_price: SqlMoney;
    settled: number;
    released: number;
  };
  transactions: {
    user_id: string;
    sequence: number;
    transaction_type: string;
    amount: SqlMoney;
    ticker: string | null;
    quantity: number | null;
    order_id: string | null;
    execution_id: string | null;
  };
  outbox: { id: number };
}
interface EngineTables {
  orders: { order_id: string; leaves_quantity: number };
  executions: {
    execution_id: string;
    order_id: string;
    counter_order_id: string | null;
    ticker: string;
    side: "BUY" | "SELL";
    price: SqlMoney;
    quantity: number;
  };
  outbox: { id: number };
}

/** What the rules are told of: plain rows of all three. Money as a count of 1/10000 BRL. */
export interface Facts {
  readonly orders: readonly OrderTables["orders"][];
  readonly recorded: readonly OrderTables["executions"][];
  readonly accounts: readonly { user_id: string; available: number; blocked: number; sequence: number }[];
  readonly positions: readonly WalletTables["positions"][];
  readonly reservations: readonly (Omit<WalletTables["reservations"], "unit_price"> & {
    unit_price: number;
  })[];
  readonly transactions: readonly (Omit<WalletTables["transactions"], "amount"> & { amount: number })[];
  readonly booked: readonly EngineTables["orders"][];
  readonly executions: readonly (Omit<EngineTables["executions"], "price"> & { price: number })[];
  /** Rows of the three outboxes. */
  readonly unpublished: number;
}

/**
 * The invariants of the system (docs/order-flow.md) that do not hold, a line each; none once every message has arrived.
 * What was bought and sold is taken from the exchange, so that the brokerage is not held to its own word.
 */
export async function findViolations(databases: OrderDatabases): Promise<string[]> {
  return judgeFacts(await readFacts(databases));
}

export function judgeFacts(facts: Facts): string[] {
  return [
    ...(facts.unpublished === 0 ? [] : [`${facts.unpublished} rows wait in an outbox`]),
    ...checkExecutions(facts),
    ...checkOrders(facts),
    ...checkCash(facts),
    ...checkShares(facts),
    ...checkLedger(facts),
  ];
}

export async function readFacts({ order, wallet, engine }: OrderDatabases): Promise<Facts> {
  const [orders, wallets, exchange] = await Promise.all([
    read<OrderTables, Pick<Facts, "orders" | "recorded" | "unpublished">>(order, async (db) => ({
      orders: await db.selectFrom("orders").selectAll().execute(),
      recorded: await db.selectFrom("executions").selectAll().execute(),
      unpublished: (await db.selectFrom("outbox").select("id").execute()).length,
    })),
    read<
      WalletTables,
      Pick<Facts, "accounts" | "positions" | "reservations" | "transactions" | "unpublished">
    >(wallet, async (db) => ({
      accounts: (await db.selectFrom("accounts").selectAll().execute()).map((row) => ({
        ...row,
        sequence: Number(row.sequence),
        available: readMoney(row.available),
        blocked: readMoney(row.blocked),
      })),
      positions: (await db.selectFrom("positions").selectAll().execute()).map((row) => ({
        ...row,
        available: Number(row.available),
        blocked: Number(row.blocked),
      })),
      reservations: (
        await db.selectFrom("reservations").selectAll().where("user_id", "is not", null).execute()
      ).map((row) => ({
        ...row,
        quantity: Number(row.quantity),
        settled: Number(row.settled),
        released: Number(row.released),
        unit_price: readMoney(row.unit_price),
      })),
      transactions: (
        await db.selectFrom("transactions").selectAll().orderBy("user_id").orderBy("sequence").execute()
      ).map((row) => ({
        ...row,
        sequence: Number(row.sequence),
        quantity: Number(row.quantity ?? 0),
        amount: Math.abs(readMoney(row.amount)),
      })),
      unpublished: (await db.selectFrom("outbox").select("id").execute()).length,
    })),
    read<EngineTables, Pick<Facts, "booked" | "executions" | "unpublished">>(engine, async (db) => ({
      booked: await db.selectFrom("orders").select(["order_id", "leaves_quantity"]).execute(),
      executions: (await db.selectFrom("executions").selectAll().execute()).map((row) => ({
        ...row,
        price: readMoney(row.price),
      })),
      unpublished: (await db.selectFrom("outbox").select("id").execute()).length,
    })),
  ]);
  const unpublished = orders.unpublished + wallets.unpublished + exchange.unpublished;
  return { ...orders, ...wallets, ...exchange, unpublished };
}

async function read<Schema, Rows>(
  settings: DatabaseSettings,
  select: (db: Kysely<Schema>) => Promise<Rows>,
): Promise<Rows> {
  const database = await openDatabase<Schema>(settings);
  try {
    // One moment of each database.
    return await database.transact(select);
  } finally {
    await database.close();
  }
}

const sideKey = (execution: { execution_id: string | null; order_id: string | null }) =>
  `${execution.execution_id}/${execution.order_id}`;

/** Each side of each execution is recorded by order and settled by wallet exactly once; two of our users are two sides. */
function checkExecutions({ executions, recorded, transactions }: Facts): string[] {
  const sides = new Map(executions.map((side) => [sideKey(side), side]));
  const settled = transactions
    .filter(({ transaction_type }) => transaction_type === "SETTLEMENT")
    .map(sideKey);
  const oneSided = executions.filter((side) => {
    if (side.counter_order_id === null) return false;
    const other = sides.get(`${side.execution_id}/${side.counter_order_id}`);
    return !(
      other !== undefined &&
      other.counter_order_id === side.order_id &&
      other.side !== side.side &&
      other.price === side.price &&
      other.quantity === side.quantity
    );
  });
  return [
    ...(sides.size === executions.length ? [] : ["the exchange has an execution twice"]),
    ...oneSided.map((side) => `execution ${sideKey(side)} has no other side`),
    ...compareSets("settled by wallet", [...sides.keys()], settled),
    ...compareSets("recorded by order", [...sides.keys()], recorded.map(sideKey)),
  ];
}

function compareSets(what: string, expected: readonly string[], found: readonly string[]): string[] {
  const wanted = new Set(expected);
  const there = new Set(found);
  return [
    ...expected.filter((key) => !there.has(key)).map((key) => `execution ${key} is not ${what}`),
    ...found
      .filter((key) => !wanted.has(key))
      .map((key) => `${key} is ${what}, and the exchange knows no such execution`),
    ...(there.size === found.length ? [] : [`an execution is ${what} twice`]),
  ];
}

const finalStatuses = new Set(["FILLED", "REJECTED", "CANCELLED", "EXPIRED"]);

/** Every order is final, or rests at the exchange with the same rest; its reservation says the same. */
function checkOrders({ orders, booked, reservations, executions }: Facts): string[] {
  const leaves = new Map(booked.map((row) => [row.order_id, row.leaves_quantity]));
  const held = new Map(reservations.map((row) => [row.order_id, row]));
  const executed = sumBy(
    executions,
    ({ order_id }) => order_id,
    ({ quantity }) => quantity,
  );
  return orders.flatMap(({ order_id, status, quantity, cum_quantity, reservation }) => {
    const final = finalStatuses.has(status);
    const rest = quantity - cum_quantity;
    const at = leaves.get(order_id);
    const hold = held.get(order_id);
    const done = executed.get(order_id) ?? 0;
    const name = `order ${order_id} (${status}, ${cum_quantity} of ${quantity})`;
    return [
      ...(cum_quantity === done ? [] : [`${name}: ${done} executed at the exchange`]),
      ...(final || at === rest ? [] : [`${name}: ${at ?? "nothing"} rests at the exchange`]),
      ...(final && (at ?? 0) > 0 ? [`${name}: ${at} still rests at the exchange`] : []),
      ...(reservation === "REQUESTED" ? [`${name}: its reservation was never answered`] : []),
      ...(hold === undefined && !final ? [`${name}: nothing is reserved`] : []),
      ...(hold !== undefined && hold.settled !== done
        ? [`${name}: ${hold.settled} settled, ${done} executed`]
        : []),
      ...(hold !== undefined && hold.released !== (final ? rest : 0)
        ? [`${name}: ${hold.released} released by wallet`]
        : []),
    ];
  });
}

/** What users paid in and took out, in units of Facts, and what accounts and liquidity provider have of it. */
export function sumCash({ accounts, transactions, executions }: Facts): { paidIn: number; held: number } {
  const provider = executions
    .filter(({ counter_order_id }) => counter_order_id === null)
    .reduce((sum, { side, price, quantity }) => sum + (side === "BUY" ? 1 : -1) * price * quantity, 0);
  return {
    paidIn: [...sumPayments(transactions).values()].reduce((sum, amount) => sum + amount, 0),
    held: accounts.reduce((sum, account) => sum + account.available + account.blocked, provider),
  };
}

/** Deposits less withdrawals, by user. */
function sumPayments(transactions: Facts["transactions"]): Map<string, number> {
  return sumBy(
    transactions,
    ({ user_id }) => user_id,
    ({ transaction_type, amount }) =>
      transaction_type === "DEPOSIT" ? amount : transaction_type === "WITHDRAWAL" ? -amount : 0,
  );
}

/** available + blocked = deposits - withdrawals - buys + sells; in total, with the provider's, deposits - withdrawals. */
function checkCash(facts: Facts): string[] {
  const { accounts, transactions, executions, orders, reservations } = facts;
  const userOf = new Map(orders.map((row) => [row.order_id, row.user_id]));
  const payments = sumPayments(transactions);
  const traded = sumBy(
    executions,
    ({ order_id }) => userOf.get(order_id) ?? "unknown",
    ({ side, price, quantity }) => (side === "SELL" ? price * quantity : -price * quantity),
  );
  const blocked = sumBy(
    reservations,
    ({ user_id }) => user_id ?? "",
    (row) => (row.side === "BUY" ? (row.quantity - row.settled - row.released) * row.unit_price : 0),
  );
  const { paidIn, held: total } = sumCash(facts);
  return [
    ...(traded.has("unknown") ? ["an execution belongs to no order of the brokerage"] : []),
    ...(total === paidIn ? [] : [`cash in total is ${total}, and ${paidIn} was paid in`]),
    ...accounts.flatMap((account) => {
      const { user_id, available } = account;
      const expected = (payments.get(user_id) ?? 0) + (traded.get(user_id) ?? 0);
      const has = available + account.blocked;
      const held = blocked.get(user_id) ?? 0;
      return [
        ...(has === expected ? [] : [`account ${user_id} has ${has}, and should have ${expected}`]),
        ...(account.blocked === held
          ? []
          : [`account ${user_id} has ${account.blocked} blocked, ${held} reserved`]),
        ...(available >= 0 && account.blocked >= 0 ? [] : [`account ${user_id} is below zero`]),
      ];
    }),
  ];
}

/** The same for shares: custody in - out + bought - sold; the odd-lot book trades the shares themselves. */
function checkShares({ positions, transactions, executions, orders, reservations }: Facts): string[] {
  const userOf = new Map(orders.map((row) => [row.order_id, row.user_id]));
  const base = (ticker: string | null) => findInstrument(ticker ?? "")?.baseTicker ?? ticker;
  const custody = sumBy(
    transactions,
    ({ user_id, ticker }) => `${user_id} ${base(ticker)}`,
    (row) =>
      row.transaction_type === "CUSTODY_IN"
        ? Math.abs(row.quantity ?? 0)
        : row.transaction_type === "CUSTODY_OUT"
          ? -Math.abs(row.quantity ?? 0)
          : 0,
  );
  const traded = sumBy(
    executions,
    ({ order_id, ticker }) => `${userOf.get(order_id)} ${base(ticker)}`,
    ({ side, quantity }) => (side === "BUY" ? quantity : -quantity),
  );
  const held = sumBy(
    reservations,
    ({ user_id, ticker }) => `${user_id} ${base(ticker)}`,
    (row) => (row.side === "SELL" ? row.quantity - row.settled - row.released : 0),
  );
  const found = new Map(positions.map((row) => [`${row.user_id} ${row.ticker}`, row]));
  const keys = new Set([...custody.keys(), ...traded.keys(), ...found.keys()]);
  return [...keys].flatMap((key) => {
    const expected = (custody.get(key) ?? 0) + (traded.get(key) ?? 0);
    const { available = 0, blocked = 0 } = found.get(key) ?? {};
    return [
      ...(available + blocked === expected
        ? []
        : [`${key}: ${available + blocked} shares, and should be ${expected}`]),
      ...(blocked === (held.get(key) ?? 0)
        ? []
        : [`${key}: ${blocked} shares blocked, ${held.get(key) ?? 0} reserved`]),
      ...(available >= 0 && blocked >= 0 ? [] : [`${key}: shares below zero`]),
    ];
  });
}

/** Transactions of an account are numbered without gaps. */
function checkLedger({ accounts, transactions }: Facts): string[] {
  const rows = new Map(accounts.map(({ user_id }): [string, number[]] => [user_id, []]));
  for (const { user_id, sequence } of transactions) rows.get(user_id)?.push(sequence);
  return accounts.flatMap(({ user_id, sequence }) => {
    const numbers = rows.get(user_id) ?? [];
    const gapless = numbers.every((number, index) => number === index + 1) && numbers.length === sequence;
    return gapless ? [] : [`the ledger of ${user_id} has gaps: ${numbers.length} rows, sequence ${sequence}`];
  });
}

function sumBy<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  amountOf: (row: Row) => number,
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(keyOf(row), (sums.get(keyOf(row)) ?? 0) + amountOf(row));
  return sums;
}
