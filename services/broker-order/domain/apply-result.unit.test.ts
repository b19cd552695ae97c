import { assert, property, shuffledSubarray, subarray } from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResultMessage } from "../../../contracts/messages.js";
import { isFinalStatus } from "../../../contracts/order-status.js";
import { toMoney } from "../../../kit/money.js";
import { heldOrder, resultStreams } from "../testing/result-streams.js";
import { applyResult, Contradiction } from "./apply-result.js";
import { type Change, type Order, type OrderExecution, toOrderBody } from "./order.js";

/** Applies results one by one, as the service does. */
function applyAll(start: Order, results: readonly ResultMessage[]) {
  const executions = new Map<string, OrderExecution>();
  const changes: Change[] = [];
  let order = start;
  for (const result of results) {
    const change = applyResult(order, (id) => executions.get(id), { result, now: 2_000 });
    if (change.execution) executions.set(change.execution.executionId, change.execution);
    order = change.order;
    changes.push(change);
  }
  return { order, executions, changes, events: changes.flatMap(({ event }) => event ?? []) };
}

const reordered = resultStreams.chain((stream) =>
  subarray(stream).chain((repeats) => {
    const all = [...stream, ...repeats];
    return shuffledSubarray(all, { minLength: all.length }).map((delivered) => ({ stream, delivered }));
  }),
);
const total = (executions: Iterable<{ quantity: number }>) =>
  [...executions].reduce((sum, { quantity }) => sum + quantity, 0);

describe("results of the exchange in any order, some of them twice", () => {
  it("make the same of an order", () => {
    assert(
      property(reordered, ({ stream, delivered }) => {
        const start = heldOrder({ cancelRequested: true });
        const told = applyAll(start, delivered);
        const expected = applyAll(start, stream);
        // How many events it takes depends on what arrives together with what.
        expect({ ...told.order, version: 0 }).toEqual({
          ...expected.order,
          version: 0,
        });
        expect([...told.executions].sort()).toEqual([...expected.executions].sort());
      }),
    );
  });

  it("leave nothing out: what is executed is the sum of the executions, the status that of the highest orderSeq", () => {
    assert(
      property(reordered, ({ stream, delivered }) => {
        const { order, executions } = applyAll(heldOrder(), delivered);
        const last = stream.findLast(({ status }) => !["ACCEPTED", "CANCEL_REJECTED"].includes(status));
        expect(order.cumQuantity).toBe(total(executions.values()));
        expect(order.recordedQuantity).toBe(order.cumQuantity);
        expect(order.status).toBe(last?.status ?? "PENDING");
        expect(order.acknowledged).toBe(true);
      }),
    );
  });

  it("publish each execution once, versions without gaps, and the final quantity with the first final event", () => {
    assert(
      property(reordered, ({ delivered }) => {
        const { order, executions, events } = applyAll(heldOrder(), delivered);
        expect(events.map(({ version }) => version)).toEqual(events.map((_, index) => index + 2));
        const told = events.flatMap(({ executionId }) => executionId ?? []);
        expect(told.sort()).toEqual([...executions.keys()].sort());
        const end = events.find(({ status }) => isFinalStatus(status));
        if (end !== undefined) expect(end.cumQuantity).toBe(order.cumQuantity);
        expect(events.at(-1)?.cumQuantity ?? 0).toBe(order.cumQuantity);
      }),
    );
  });
});

const fill = { orderId: "order-1", status: "FILLED", executedPrice: 39.5 } as const;
const part = {
  orderId: "order-1",
  status: "PARTIALLY_FILLED",
  executedPrice: 39.5,
  executionId: "e1",
  executedQuantity: 400,
  cumQuantity: 400,
  orderSeq: 2,
} as const;

describe("a simple exchange, without ids and sequence", () => {
  it("fills the whole order once", () => {
    const { order, events } = applyAll(heldOrder(), [fill, fill]);
    expect(toOrderBody(order)).toMatchObject({
      status: "FILLED",
      cumQuantity: 1_000,
      leavesQuantity: 0,
      averagePrice: 39.5,
    });
    expect(events).toMatchObject([{ status: "FILLED", executionId: "order-1:1", executedQuantity: 1_000 }]);
  });

  it("rejects with its reason", () => {
    const rejected = { orderId: "order-1", status: "REJECTED", reason: "PRICE" } as const;
    const { order } = applyAll(heldOrder(), [rejected, rejected]);
    expect(order).toMatchObject({ status: "REJECTED", reason: "PRICE", cumQuantity: 0, dueAt: null });
  });

  it("may fill in parts that it names", () => {
    const { orderSeq: _, ...first } = part;
    const second = {
      ...first,
      status: "FILLED",
      executionId: "e2",
      executedQuantity: 600,
      cumQuantity: 1_000,
    } as const;
    expect(applyAll(heldOrder(), [first, first, second, first]).order).toMatchObject({
      status: "FILLED",
      recordedQuantity: 1_000,
    });
  });
});

describe("an order that is told", () => {
  it("ACCEPTED is acknowledged, and nobody else hears of it", () => {
    const { order, events } = applyAll(heldOrder(), [
      { orderId: "order-1", status: "ACCEPTED", orderSeq: 1 },
    ]);
    expect(order).toMatchObject({ status: "PENDING", acknowledged: true, dueAt: null, version: 1 });
    expect(events).toEqual([]);
  });

  it("CANCEL_REJECTED may be cancelled again", () => {
    const result = {
      orderId: "order-1",
      status: "CANCEL_REJECTED",
      orderSeq: 4,
      reason: "TOO_LATE",
    } as const;
    expect(applyAll(heldOrder({ cancelRequested: true }), [result]).order).toMatchObject({
      cancelRequested: false,
      status: "PENDING",
      reason: null,
    });
  });

  it("its end before its last execution tells how much was executed, and still records the execution", () => {
    const cancelled = { orderId: "order-1", status: "CANCELLED", orderSeq: 3, cumQuantity: 400 } as const;
    const { events, order } = applyAll(heldOrder(), [cancelled, part]);
    expect(events).toMatchObject([
      { status: "CANCELLED", cumQuantity: 400, leavesQuantity: 0, executionId: null, executedPrice: null },
      { status: "CANCELLED", cumQuantity: 400, executionId: "e1", executedQuantity: 400 },
    ]);
    expect(toOrderBody(order).averagePrice).toBe(39.5);
  });

  it("twice the same has nothing to store", () => {
    const { order } = applyAll(heldOrder(), [part]);
    const known = { executionId: "e1", price: toMoney(395_000), quantity: 400 };
    expect(applyResult(order, () => known, { result: part, now: 9_000 }).order).toBe(order);
  });
});

describe("a result that cannot be true", () => {
  const cancelled = { orderId: "order-1", status: "CANCELLED", orderSeq: 3, cumQuantity: 400 } as const;
  it.each<[string, Order, readonly ResultMessage[]]>([
    ["of an order that was never sent", heldOrder({ reservation: "RELEASED" }), [part]],
    ["more than ordered", heldOrder(), [{ ...part, executedQuantity: 1_001, cumQuantity: 1_001 }]],
    ["more than ordered, by its own count", heldOrder(), [{ ...part, cumQuantity: 1_001 }]],
    [
      "more than ordered, in two executions",
      heldOrder(),
      [part, { ...part, executionId: "e2", executedQuantity: 700, orderSeq: 3 }],
    ],
    ["a second whole fill", heldOrder(), [part, { ...fill, orderSeq: 3 }]],
    ["the same execution at another price", heldOrder(), [part, { ...part, executedPrice: 39 }]],
    ["a price worse than a buyer's limit", heldOrder(), [{ ...part, executedPrice: 40.01 }]],
    ["a price worse than a seller's limit", heldOrder({ side: "SELL" }), [{ ...part, executedPrice: 39.99 }]],
    ["an execution without a price", heldOrder(), [{ ...part, executedPrice: null }]],
    ["a part without executionId", heldOrder(), [{ ...part, executionId: null }]],
    ["a whole fill of another quantity", heldOrder(), [{ ...fill, executedQuantity: 999 }]],
    ["filled with a part", heldOrder(), [{ ...part, status: "FILLED" }]],
    ["ended with less than is recorded", heldOrder(), [part, { ...cancelled, cumQuantity: 300 }]],
    ["executed beyond its end", heldOrder(), [part, cancelled, { ...part, executionId: "e2", orderSeq: 4 }]],
    ["another end", heldOrder(), [part, cancelled, { ...cancelled, status: "EXPIRED", orderSeq: 4 }]],
    ["another status of the same sequence", heldOrder(), [part, { ...cancelled, orderSeq: 2 }]],
    ["another end without sequence", heldOrder(), [fill, { orderId: "order-1", status: "REJECTED" }]],
  ])("%s is a contradiction", (_name, order, results) => {
    expect(() => applyAll(order, results)).toThrow(Contradiction);
  });

  it("with a price of five decimals is refused as well", () => {
    expect(() => applyAll(heldOrder(), [{ ...part, executedPrice: 39.00001 }])).toThrow("4 decimals");
  });
});
