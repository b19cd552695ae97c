import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findViolations } from "./find-violations.js";
import { call, enter, giveShares, type Investor, waitForPrices } from "./investor.js";
import { type System, secrets, startSystem, waitUntilReady } from "./start-system.js";

let system: System;
let gateway: string;
let admin: Investor;

beforeAll(async () => {
  system = await startSystem({ env: { QUOTE_INTERVAL: "3600" } });
  gateway = system.urls["broker-gateway"];
  await waitUntilReady(system);
  admin = await enter(gateway, "admin@mybroker.example", secrets.password);
  await waitForPrices(gateway, admin.token);
});
afterAll(() => system?.close());

async function fund(name: string, amount: number): Promise<Investor> {
  const investor = await enter(gateway, `${name}@mybroker.example`, secrets.password);
  await investor.deposit(amount);
  return investor;
}

const statusOf = async (investor: Investor, orderId: string) => (await investor.order(orderId)).status;
const settle = () => expect.poll(() => findViolations(system.databases), { timeout: 10_000 }).toEqual([]);

describe("an order's way through the whole system", () => {
  it("fills a market order, and settles it to the cent", async () => {
    const ana = await fund("ana", 10_000);
    const placed = await ana.place({ ticker: "PETR4", quantity: 100, side: "BUY" });
    expect(placed.status, JSON.stringify(placed.body)).toBe(201);
    const { orderId } = placed.body;
    await expect.poll(() => statusOf(ana, orderId), { timeout: 5_000, interval: 5 }).toBe("FILLED");
    const { averagePrice, cumQuantity } = await ana.order(orderId);
    expect(cumQuantity).toBe(100);
    await expect.poll(async () => (await ana.positions())[0]?.available).toBe(100);
    const { available, blocked } = await ana.summary();
    expect(blocked).toBe(0);
    expect(available).toBeCloseTo(10_000 - 100 * (averagePrice ?? 0), 4);
    await settle();
  });

  it("crosses two investors inside the spread: an execution with two sides", async () => {
    const buyer = await fund("buyer", 10_000);
    const seller = await fund("seller", 1);
    await giveShares(gateway, { admin, userId: seller.userId, ticker: "MXRF11", quantity: 10 });
    const { body: quote } = await call<{ price: number }>("GET", `${gateway}/api/v1/assets/MXRF11/price`, {
      token: admin.token,
    });
    const sale = await seller.place({ ticker: "MXRF11", quantity: 10, side: "SELL", price: quote.price });
    await expect.poll(() => statusOf(seller, sale.body.orderId)).toBe("PENDING");
    const purchase = await buyer.place({ ticker: "MXRF11", quantity: 4, side: "BUY", price: quote.price });
    await expect.poll(() => statusOf(buyer, purchase.body.orderId)).toBe("FILLED");
    await expect.poll(() => statusOf(seller, sale.body.orderId)).toBe("PARTIALLY_FILLED");
    await settle();
    expect((await seller.cancel(sale.body.orderId)).status).toBe(202);
    await expect.poll(() => statusOf(seller, sale.body.orderId)).toBe("CANCELLED");
    await settle();
    expect(await seller.positions()).toMatchObject([{ ticker: "MXRF11", available: 6, blocked: 0 }]);
  });

  it("accepts exactly what an account can pay of 200 orders at once, and gives all of it back", async () => {
    const poor = await fund("poor", 50 * 10);
    const before = await poor.summary();
    const answers = await Promise.all(
      Array.from({ length: 200 }, () =>
        poor.place({ ticker: "PETR4F", quantity: 10, side: "BUY", price: 1 }),
      ),
    );
    const accepted = answers.filter(({ status }) => status === 201);
    expect(accepted).toHaveLength(50);
    expect(new Set(answers.filter(({ status }) => status !== 201).map(({ body }) => body.code))).toEqual(
      new Set(["NO_FUNDS"]),
    );
    expect(await poor.summary()).toMatchObject({ available: 0, blocked: 500 });
    await Promise.all(accepted.map(({ body }) => poor.cancel(body.orderId)));
    await expect
      .poll(async () => (await poor.summary()).available, { timeout: 10_000 })
      .toBe(before.available);
    await settle();
  });
});
