import { expect, it } from "vitest";
import { type Facts, judgeFacts } from "./find-violations.js";

type Bent = {
  -readonly [Table in keyof Facts]: Facts[Table] extends readonly (infer Row)[] ? Row[] : number;
};

/** A bought from B what B had in custody, and has another order that rests. */
function makeFacts(): Bent {
  const order = { status: "FILLED", reservation: "HELD", quantity: 100, cum_quantity: 100 };
  const side = { execution_id: "7-1", ticker: "PETR4", price: 38, quantity: 100 };
  const line = { amount: 0, ticker: null, quantity: null, order_id: null, execution_id: null };
  const hold = { ticker: "PETR4", quantity: 100, settled: 100, released: 0 };
  const trade = { ...line, transaction_type: "SETTLEMENT", execution_id: "7-1" };
  return {
    orders: [
      { ...order, order_id: "a-1", user_id: "A" },
      { ...order, order_id: "b-1", user_id: "B" },
      { ...order, order_id: "a-2", user_id: "A", status: "PENDING", quantity: 10, cum_quantity: 0 },
    ],
    recorded: ["a-1", "b-1"].map((order_id) => ({ order_id, execution_id: "7-1" })),
    executions: [
      { ...side, order_id: "a-1", counter_order_id: "b-1", side: "BUY" },
      { ...side, order_id: "b-1", counter_order_id: "a-1", side: "SELL" },
    ],
    booked: [
      { order_id: "a-1", leaves_quantity: 0 },
      { order_id: "a-2", leaves_quantity: 10 },
    ],
    accounts: [
      { user_id: "A", available: 5_900, blocked: 300, sequence: 3 },
      { user_id: "B", available: 3_800, blocked: 0, sequence: 2 },
    ],
    positions: [
      { user_id: "A", ticker: "PETR4", available: 100, blocked: 0 },
      { user_id: "B", ticker: "PETR4", available: 0, blocked: 0 },
    ],
    reservations: [
      { ...hold, order_id: "a-1", user_id: "A", side: "BUY", unit_price: 40 },
      { ...hold, order_id: "b-1", user_id: "B", side: "SELL", unit_price: 36 },
      { ...hold, order_id: "a-2", user_id: "A", side: "BUY", unit_price: 30, quantity: 10, settled: 0 },
    ],
    transactions: [
      { ...line, user_id: "A", sequence: 1, transaction_type: "DEPOSIT", amount: 10_000 },
      { ...trade, user_id: "A", sequence: 2, order_id: "a-1" },
      { ...line, user_id: "A", sequence: 3, transaction_type: "RESERVE", order_id: "a-2" },
      { ...line, user_id: "B", sequence: 1, transaction_type: "CUSTODY_IN", ticker: "PETR4", quantity: 100 },
      { ...trade, user_id: "B", sequence: 2, order_id: "b-1" },
    ],
    unpublished: 0,
  };
}

it("finds nothing wrong where nothing is", () => {
  expect(judgeFacts(makeFacts())).toEqual([]);
});

type Table = Exclude<keyof Bent, "unpublished">;

/** A row as it is not to be, and what is said of it. */
const change = (table: Table, index: number, row: object) => (facts: Bent) => {
  Object.assign(facts[table][index] ?? {}, row);
};
const without = (table: Table, index: number) => (facts: Bent) => {
  facts[table].splice(index, 1);
};

it.each<[string, (facts: Bent) => void]>([
  ["1 rows wait in an outbox", (facts) => void Object.assign(facts, { unpublished: 1 })],
  ["cash in total is 10001, and 10000 was paid in", change("accounts", 0, { available: 5_901 })],
  ["account A has 6201, and should have 6200", change("accounts", 0, { available: 5_901 })],
  ["account A has 301 blocked, 300 reserved", change("accounts", 0, { available: 5_899, blocked: 301 })],
  ["account B is below zero", change("accounts", 1, { available: -1 })],
  ["the ledger of A has gaps", change("transactions", 2, { sequence: 4 })],
  ["the ledger of B has gaps", change("accounts", 1, { sequence: 3 })],
  ["A PETR4: 101 shares, and should be 100", change("positions", 0, { available: 101 })],
  ["A PETR4: 1 shares blocked, 0 reserved", change("positions", 0, { available: 99, blocked: 1 })],
  ["B PETR4: shares below zero", change("positions", 1, { available: -1, blocked: 1 })],
  ["execution 7-1/a-1 has no other side", change("executions", 1, { price: 39 })],
  ["execution 7-1/a-1 has no other side", without("executions", 1)],
  [
    "the exchange has an execution twice",
    (facts) => void facts.executions.push(...facts.executions.slice(0, 1)),
  ],
  ["execution 7-1/b-1 is not settled by wallet", without("transactions", 4)],
  [
    "an execution is settled by wallet twice",
    (facts) => void facts.transactions.push(...facts.transactions.slice(1, 2)),
  ],
  ["execution 7-1/a-1 is not recorded by order", without("recorded", 0)],
  ["the exchange knows no such execution", change("recorded", 0, { execution_id: "8-1" })],
  ["order a-2 (PENDING, 0 of 10): 9 rests at the exchange", change("booked", 1, { leaves_quantity: 9 })],
  ["order a-2 (PENDING, 0 of 10): nothing rests at the exchange", without("booked", 1)],
  [
    "order a-1 (FILLED, 100 of 100): 5 still rests at the exchange",
    change("booked", 0, { leaves_quantity: 5 }),
  ],
  ["order a-1 (FILLED, 90 of 100): 100 executed at the exchange", change("orders", 0, { cum_quantity: 90 })],
  ["its reservation was never answered", change("orders", 2, { reservation: "REQUESTED" })],
  ["order a-2 (PENDING, 0 of 10): nothing is reserved", without("reservations", 2)],
  ["order a-1 (FILLED, 100 of 100): 90 settled, 100 executed", change("reservations", 0, { settled: 90 })],
  ["order a-2 (PENDING, 0 of 10): 10 released by wallet", change("reservations", 2, { released: 10 })],
  ["an execution belongs to no order of the brokerage", without("orders", 0)],
])("says: %s", (violation, bend) => {
  const facts = makeFacts();
  bend(facts);
  expect(judgeFacts(facts).join("\n")).toContain(violation);
});
