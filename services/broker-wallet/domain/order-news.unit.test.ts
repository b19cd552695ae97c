import { describe, expect, it } from "vitest";
import type { OrderEvent } from "../../../contracts/messages.js";
import { readOrderNews } from "./order-news.js";

const event: OrderEvent = {
  orderId: "o1",
  userId: "ana",
  ticker: "PETR4",
  quantity: 100,
  price: 38.5,
  executedPrice: null,
  side: "BUY",
  status: "PENDING",
  eventTimestamp: "2026-11-22T12:00:00.000Z",
};
const execution = { executedPrice: 38, executionId: "e1", executedQuantity: 40 };
const read = (changes: Partial<OrderEvent>) => {
  const { kind, orderId, terms, ...rest } = readOrderNews({ ...event, ...changes }) ?? {};
  return kind === undefined ? undefined : rest;
};

describe("what an order event means", () => {
  it.each<[string, Partial<OrderEvent>, object | undefined]>([
    ["nothing while it waits", {}, undefined],
    ["nothing for a price without an execution", { executedPrice: 38 }, undefined],
    [
      "an execution",
      { ...execution, status: "PARTIALLY_FILLED", cumQuantity: 40 },
      { execution: { executionId: "e1", price: 380_000, quantity: 40 } },
    ],
    [
      "an execution whatever the status is, and the end",
      { ...execution, status: "CANCELLED", cumQuantity: 60 },
      { execution: { executionId: "e1", price: 380_000, quantity: 40 }, executedInAll: 60 },
    ],
    [
      "a whole fill of a simple service",
      { status: "FILLED", executedPrice: 38 },
      { execution: { executionId: "o1:1", price: 380_000, quantity: 100 }, executedInAll: 100 },
    ],
    ["a fill that was told of elsewhere", { status: "FILLED", executedQuantity: 0 }, { executedInAll: 100 }],
    ["an end without a count", { status: "EXPIRED" }, { executedInAll: 0 }],
    [
      "an end with the last price",
      { status: "CANCELLED", executedPrice: 38, cumQuantity: 40 },
      { executedInAll: 40 },
    ],
  ])("%s", (_what, changes, expected) => {
    expect(read(changes)).toEqual(expected);
  });

  it.each<[string, Partial<OrderEvent>, string]>([
    [
      "a part without its quantity",
      { status: "PARTIALLY_FILLED", executedPrice: 38, executionId: "e1" },
      "EVENT_MISMATCH",
    ],
    [
      "a part without its id",
      { ...execution, status: "PARTIALLY_FILLED", executionId: null },
      "EVENT_MISMATCH",
    ],
    ["an execution without a price", { ...execution, executedPrice: null }, "EVENT_MISMATCH"],
    ["a price beyond 4 decimals", { ...execution, executedPrice: 38.00001 }, "AMOUNT_INVALID"],
  ])("refuses %s", (_what, changes, code) => {
    expect(() => read(changes)).toThrow(expect.objectContaining({ code }));
  });
});
