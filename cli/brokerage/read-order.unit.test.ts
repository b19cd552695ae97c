import { expect, it } from "vitest";
import { readOrder } from "./read-order.js";

const series = {
  ...({ orderId: "o", userId: "u", ticker: "PETR4", side: "BUY" } as const),
  ...{ quantity: 100, price: 38.5 },
};
const readAt = "2026-11-22T12:00:00.000Z";
const added = {
  ...{ type: "LIMIT", timeInForce: "DAY", reason: null, cancelRequested: false },
  ...{ createdAt: readAt, updatedAt: readAt },
};

it("completes what a service of the series leaves out", () => {
  const nowMs = Date.parse(readAt);
  expect(readOrder({ ...series, status: "PENDING" }, nowMs)).toEqual({
    ...{ ...series, ...added, status: "PENDING" },
    ...{ cumQuantity: 0, leavesQuantity: 100, averagePrice: null },
  });
  expect(readOrder({ ...series, status: "FILLED", executedPrice: 38.47 }, nowMs)).toEqual({
    ...{ ...series, ...added, status: "FILLED" },
    ...{ cumQuantity: 100, leavesQuantity: 0, averagePrice: 38.47 },
  });
});

it("changes nothing of what ours says", () => {
  const ours = {
    ...{ ...series, status: "PARTIALLY_FILLED", type: "MARKET", timeInForce: "IOC" },
    ...{ cumQuantity: 40, leavesQuantity: 60, averagePrice: 38.47, reason: "NO_LIQUIDITY" },
    ...{
      cancelRequested: true,
      createdAt: "2026-11-22T11:00:00.000Z",
      updatedAt: "2026-11-22T11:00:01.000Z",
    },
  } as const;
  expect(readOrder(ours as never)).toEqual(ours);
});
