import { describe, expect, it } from "vitest";
import type { StreamRecord } from "./record.js";
import { orderEvent, orderId, recordOf } from "./testing/records.js";
import { validateRecord } from "./validate.js";

const headers = { "message-id": "m-1", traceparent: "00-a", "x-published-at": "1" };
const exchange = "exchange.broker.orders";
const order = {
  source: "rabbit",
  kind: "stream",
  stream: "audit.broker.orders",
  exchange,
  key: "b3.matching.engine",
} as const;
const result = { ...order, key: "b3.order.results" } as const;
const message = { orderId, ticker: "PETR4", quantity: 100, price: 38.5, side: "BUY" };

function violationsOf(record: StreamRecord): string[] {
  return validateRecord({ ...record, headers }).problems.map(({ field, what }) => `${field} ${what}`);
}

describe("a message that its contract takes", () => {
  it.each<[string, StreamRecord]>([
    ["an order event", recordOf({ value: orderEvent })],
    ["one with fields that nobody knows", recordOf({ value: { ...orderEvent, mine: { any: 1 } } })],
    ["a new order", recordOf({ ...order, value: message })],
    ["a cancel of nothing but an id", recordOf({ ...order, value: { orderId, action: "CANCEL" } })],
    [
      "a simple exchange's whole fill",
      recordOf({ ...result, value: { orderId, status: "FILLED", executedPrice: 38.5 } }),
    ],
    [
      "a movement",
      recordOf({
        stream: "wallet-events-v1",
        value: {
          eventId: "e-1",
          userId: "user-1",
          transactionType: "DEPOSIT",
          amount: 0.0001,
          balanceAfter: 99_999_999_999.9999,
          blockedBalanceAfter: 0,
          eventTimestamp: "2026-01-23T12:04:31.118Z",
        },
      }),
    ],
    [
      "a dead letter, which breaks it by what it is",
      recordOf({ ...order, exchange: "dlx.broker.orders", value: {} }),
    ],
    ["a dead record", recordOf({ stream: "order-events-v1.dlt", bytes: Buffer.from("{") })],
  ])("%s", (_, record) => {
    expect(violationsOf(record)).toEqual([]);
  });

  it("is one that nobody knows a contract of", () => {
    const { contract, problems } = validateRecord(recordOf({ stream: "mine", bytes: Buffer.from("x") }));
    expect([contract, problems]).toEqual([undefined, []]);
  });
});

describe("a message that breaks its contract", () => {
  it.each<[StreamRecord, string[]]>([
    [recordOf({ bytes: Buffer.from("{") }), ["value is not JSON"]],
    [recordOf({ bytes: Buffer.from([0xff, 0x31]) }), ["value is not JSON"]],
    [recordOf({ bytes: null }), ["value is missing"]],
    [recordOf({ value: [] }), ["value must be object, and is []"]],
    [
      recordOf({ value: { ...orderEvent, quantity: "100", side: "HOLD", price: -1 } }),
      [
        'value.quantity must be integer, and is "100"',
        "value.price must be > 0, and is -1",
        'value.side must be BUY or SELL, and is "HOLD"',
      ],
    ],
    [
      recordOf({ value: { ...orderEvent, status: undefined, userId: undefined } }),
      ["value.userId is missing", "value.status is missing"],
    ],
    [
      recordOf({ value: { ...orderEvent, executedPrice: "38" } }),
      ['value.executedPrice must be number, and is "38"'],
    ],
    [
      recordOf({ value: { ...orderEvent, eventTimestamp: "2026-02-30T00:00:00Z" } }),
      ['value.eventTimestamp must match format "date-time", and is "2026-02-30T00:00:00Z"'],
    ],
    [
      recordOf({ value: { ...orderEvent, price: 38.12345 } }),
      ["value.price 38.12345 is not an amount with at most 4 decimals"],
    ],
    [recordOf({ key: "PETR4", value: orderEvent }), ["key must be the userId, user-1, and is PETR4"]],
    [recordOf({ key: null, value: orderEvent }), ["key must be the userId, user-1, and there is none"]],
    [
      recordOf({ ...order, value: { orderId } }),
      ["ticker", "quantity", "side"].map((name) => `value.${name} is missing: only a CANCEL does without`),
    ],
    [
      recordOf({ ...result, value: { orderId, status: "DONE" } }),
      [
        'value.status must be ACCEPTED or PARTIALLY_FILLED or FILLED or REJECTED or CANCELLED or EXPIRED or CANCEL_REJECTED, and is "DONE"',
      ],
    ],
    [
      recordOf({ value: { ...orderEvent, ticker: `\u001b[31m${"x".repeat(60)}` } }),
      [expect.stringMatching(/^value\.ticker must .*…$/) as string],
    ],
  ])("%# is told by the field", (record, told) => {
    expect(violationsOf(record)).toEqual(told);
  });

  it("is no threat to a terminal", () => {
    const record = recordOf({ key: "\u001b[2J", value: { ...orderEvent, side: "\u009b31m" } });
    expect(violationsOf(record).join("")).not.toMatch(/\p{Cc}/u);
  });
});

it("a message without the headers that ours have is a warning", () => {
  const { problems } = validateRecord(recordOf({ value: orderEvent, headers: { traceparent: "00-a" } }));
  expect(problems).toEqual([
    {
      level: "warning",
      field: "headers.message-id",
      what: "is missing: a repeat of the message cannot be told",
    },
    { level: "warning", field: "headers.x-published-at", what: "is missing: the broker's time is taken" },
  ]);
});
