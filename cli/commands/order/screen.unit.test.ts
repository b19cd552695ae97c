import { describe, expect, it } from "vitest";
import { readOrder } from "../../brokerage/read-order.js";
import { nextAfter } from "./screen.js";

const order = readOrder({
  ...{ orderId: "o", userId: "u", ticker: "PETR4", side: "BUY", quantity: 100, price: 38 },
  status: "PENDING",
});

describe("what to type after an order", () => {
  it("is to cancel one that rests", () => {
    expect(nextAfter(order, { suffix: "" })).toBe("Rests: 100 to go.  Next:  {mybroker} order cancel o");
  });

  it.each(["IOC", "FOK"] as const)("is to look again at one that never rests: %s", (timeInForce) => {
    const next = nextAfter({ ...order, timeInForce }, { suffix: " --user a@example.com" });
    expect(next).toBe("On its way.  Next:  {mybroker} order show o --watch --user a@example.com");
  });
});
