import { describe, expect, it } from "vitest";
import { heldOrder } from "../testing/result-streams.js";
import { abandon, hold, postponeRelease, refuse, release, requestCancel, sendAgain } from "./lifecycle.js";
import type { Order } from "./order.js";

const requested: Order = { ...heldOrder(), reservation: "REQUESTED", version: 0 };
const releasing: Order = { ...requested, reservation: "RELEASING", status: "REJECTED" };

describe("the reservation", () => {
  it("held: the exchange and everyone else hear of it", () => {
    expect(hold(requested, 5_000)).toMatchObject({
      order: { reservation: "HELD", status: "PENDING", dueAt: 35_000 },
      actions: ["NEW"],
      event: { status: "PENDING", version: 1, executedPrice: null, price: 40, leavesQuantity: 1_000 },
    });
  });

  it("held after its owner wanted it no more: the exchange hears both", () => {
    const unwanted = requestCancel(requested, 2_000);
    expect(unwanted?.actions).toBeUndefined();
    expect(hold(unwanted?.order ?? requested, 5_000)?.actions).toEqual(["NEW", "CANCEL"]);
  });

  it("refused: rejected with the wallet's reason, and the exchange never hears of it", () => {
    const refused = refuse(requested, "NO_FUNDS", 5_000);
    expect(refused).toMatchObject({
      order: { reservation: "RELEASED", status: "REJECTED", reason: "NO_FUNDS", dueAt: null },
      event: { status: "REJECTED", version: 1, leavesQuantity: 0, reason: "NO_FUNDS" },
    });
    expect(refused?.actions).toBeUndefined();
  });

  it("in doubt: rejected, and due until the wallet has given back what it may hold", () => {
    const given = abandon(requested, 5_000);
    expect(given).toMatchObject({
      order: { reservation: "RELEASING", dueAt: 15_000, reason: "WALLET_UNAVAILABLE" },
    });
    expect(postponeRelease(releasing, 20_000)?.order.dueAt).toBe(30_000);
    expect(release(releasing)?.order).toMatchObject({ reservation: "RELEASED", dueAt: null });
  });

  it.each(["HELD", "RELEASING", "RELEASED"] as const)(
    "once %s is neither held, refused nor given up",
    (reservation) => {
      const order = { ...requested, reservation };
      expect([hold(order, 0), refuse(order, "NO_FUNDS", 0), abandon(order, 0)]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    },
  );

  it("that is held or gone is not released", () => {
    expect([release(heldOrder()), postponeRelease(heldOrder(), 0)]).toEqual([undefined, undefined]);
  });
});

describe("a cancel", () => {
  it("is sent once until the exchange has answered", () => {
    const first = requestCancel(heldOrder(), 2_000);
    expect(first).toMatchObject({ actions: ["CANCEL"], order: { status: "PENDING", cancelRequested: true } });
    expect(requestCancel(first?.order ?? heldOrder(), 3_000)).toBeUndefined();
  });

  it("of an order that has ended changes nothing", () => {
    expect(requestCancel(heldOrder({ status: "FILLED" }), 2_000)).toBeUndefined();
  });
});

describe("sending again", () => {
  it.each([
    [{}, ["NEW"]],
    [{ cancelRequested: true }, ["NEW", "CANCEL"]],
    [{ acknowledged: true, cancelRequested: true }, ["CANCEL"]],
    [{ acknowledged: true }, []],
  ])("of %j sends %j", (fields, actions) => {
    expect(sendAgain(heldOrder(fields), 31_000)?.actions).toEqual(actions);
  });

  it("waits 30 s, then twice as long each time, an hour at most", () => {
    const waits: number[] = [];
    let order = heldOrder();
    for (let now = order.dueAt ?? 0; waits.length < 12; now = order.dueAt ?? 0) {
      order = sendAgain(order, now)?.order ?? order;
      waits.push(((order.dueAt ?? 0) - now) / 1_000);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600, 3_600, 3_600]);
  });

  it.each([{ status: "FILLED" }, { reservation: "RELEASED" }] as const)("is not for %j", (fields) => {
    expect(sendAgain(heldOrder(fields), 31_000)).toBeUndefined();
  });
});
