import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { orderTable } from "../../cli/seed/world/tables.js";
import { type Row, readRows } from "../../cli/seed/world/testing/read-world.js";
import { createWorld, type World } from "../../cli/seed/world/world.js";
import type { Book, OrderBody } from "../../contracts/rest.js";
import { openDatabase } from "../../kit/sql/database.js";
import { serviceNames } from "../../services/definitions.js";
import { findDifferences } from "../brokerage/find-differences.js";
import { findViolations } from "../brokerage/find-violations.js";
import { call, enter, type Investor, waitForPrices } from "../brokerage/investor.js";
import { readPages } from "../brokerage/read-pages.js";
import { type System, secrets, startSystem, waitUntilReady } from "../brokerage/start-system.js";
import { loadWorld } from "./load-world.js";

const engine = "b3-matching-engine";
const dayMs = 86_400_000;
const waiting = { timeout: 15_000, interval: 50 };

/** The nine services with a world of 20 users in their stores. */
async function startSeeded(world: World): Promise<System> {
  const system = await startSystem({ env: { QUOTE_INTERVAL: "3600" } });
  await waitUntilReady(system);
  await restartLoaded(system, world);
  return system;
}

async function restartLoaded(system: System, world: World): Promise<void> {
  await system.stopService(engine);
  await loadWorld(world, system);
  await system.startService(engine);
  await waitUntilReady(system, [engine]);
}

interface ExchangeTables {
  commands: { sequence: number; kind: string };
  results: { id: number; order_id: string };
}

const isOpen = ({ status }: Row) => status === "PENDING" || status === "PARTIALLY_FILLED";
const brl = (value: string | number | null | undefined) => Number(value) / 10_000;

describe("a seeded world in the running services", () => {
  const world = createWorld({ randomSeed: 42, scale: 0.02, asOfMs: Date.now() });
  const users = readRows(world, "identity", "users");
  const orders = readRows(world, "order", orderTable.name);
  const open = orders.filter(isOpen);
  const sale = open.find(
    ({ side, ticker, status }) => side === "SELL" && status === "PENDING" && !String(ticker).endsWith("F"),
  ) as Row;
  const settle = () => expect.poll(() => findViolations(system.databases), waiting).toEqual([]);
  let system: System;
  let gateway: string;
  let newcomer: Investor;
  const ownerOf = (order: Row) => users.find(({ user_id }) => user_id === order.user_id)?.email;
  const enterOwner = (order: Row) => enter(gateway, String(ownerOf(order)), secrets.password);
  const readBook = async (ticker: string) =>
    (await call<Book>("GET", `${system.urls[engine]}/book/${ticker}`, { token: newcomer.token })).body;

  beforeAll(async () => {
    system = await startSeeded(world);
    gateway = system.urls["broker-gateway"];
    newcomer = await enter(gateway, "newcomer@mybroker.example", secrets.password);
    await waitForPrices(gateway, newcomer.token);
    await newcomer.deposit(9_000_000);
  });
  afterAll(() => system?.close());

  it("breaks no rule of the system", settle);

  it("is what its users are told, by the services and by the reports", async () => {
    const accounts = readRows(world, "wallet", "accounts");
    const positions = readRows(world, "wallet", "positions");
    for (const { user_id, email } of users.slice(0, 3)) {
      const investor = await enter(gateway, String(email), secrets.password);
      expect(investor.userId).toBe(user_id);
      const told = (await readPages(gateway, "orders", investor.token)) as unknown as OrderBody[];
      const own = orders.filter((order) => order.user_id === user_id);
      expect(told.map(({ orderId, status, cumQuantity }) => [orderId, status, cumQuantity])).toEqual(
        own.map((order) => [order.order_id, order.status, order.cum_quantity]).reverse(),
      );
      const account = accounts.find((row) => row.user_id === user_id);
      expect(await investor.summary()).toMatchObject({
        available: brl(account?.available),
        blocked: brl(account?.blocked),
      });
      const shares = positions.filter((row) => row.user_id === user_id);
      expect(Object.fromEntries((await investor.positions()).map((one) => [one.ticker, one]))).toMatchObject(
        Object.fromEntries(
          shares.map(({ ticker, available, blocked, total_cost }) => [
            ticker,
            { available, blocked, totalCost: brl(total_cost) },
          ]),
        ),
      );
      expect(await findDifferences(gateway, investor)).toEqual([]);
    }
  });

  it("has the catalogue that broker-asset makes", async () => {
    const { db, close } = await openDatabase<{ assets: Row }>({
      kind: "sqlite",
      path: system.storePath("broker-asset-db"),
    });
    const made = await db.selectFrom("assets").selectAll().orderBy("ticker").execute();
    await close();
    expect(made).toEqual(
      readRows(world, "asset", "assets").sort((a, b) => (String(a.ticker) < String(b.ticker) ? -1 : 1)),
    );
  });

  it("rests in the exchange's book", async () => {
    expect(open.length).toBeGreaterThan(20);
    const levels = new Map<string, number>();
    for (const { ticker, side, price, quantity, cum_quantity } of open) {
      const key = `${ticker} ${side} ${brl(price)}`;
      levels.set(key, (levels.get(key) ?? 0) + Number(quantity) - Number(cum_quantity));
    }
    const shown = new Map<string, number>();
    for (const ticker of new Set(open.map((order) => String(order.ticker)))) {
      const { bids, asks } = await readBook(ticker);
      for (const { price, quantity } of bids) shown.set(`${ticker} BUY ${price}`, quantity);
      for (const { price, quantity } of asks) shown.set(`${ticker} SELL ${price}`, quantity);
    }
    for (const [key, quantity] of levels) expect([key, shown.get(key)]).toEqual([key, quantity]);
  });

  it("pages through the tape, the newest first and the seed's after all others", async () => {
    const placed = await newcomer.place({ ticker: "PETR4", quantity: 100, side: "BUY" });
    await expect.poll(async () => (await newcomer.order(placed.body.orderId)).status, waiting).toBe("FILLED");
    const url = `${system.urls[engine]}/executions?limit=5`;
    type Page = { items: { executedAt: string; orderId: string }[]; next: string };
    const first = await call<Page>("GET", url, { token: newcomer.token });
    const second = await call<Page>("GET", `${url}&cursor=${first.body.next}`, { token: newcomer.token });
    expect(second.status).toBe(200);
    const tape = [...first.body.items, ...second.body.items];
    expect(tape).toHaveLength(10);
    expect(tape[0]?.orderId).toBe(placed.body.orderId);
    const times = tape.map(({ executedAt }) => executedAt);
    expect(times).toEqual([...times].sort().reverse());
    await settle();
  });

  it("lets its owners cancel what is open, also what is filled in part", async () => {
    for (const status of ["PENDING", "PARTIALLY_FILLED"]) {
      const order = open.find((one) => one.status === status && one !== sale) as Row;
      const owner = await enterOwner(order);
      expect((await owner.cancel(String(order.order_id))).status).toBe(202);
      await expect
        .poll(async () => (await owner.order(String(order.order_id))).status, waiting)
        .toBe("CANCELLED");
      await settle();
      await expect.poll(() => findDifferences(gateway, owner), waiting).toEqual([]);
    }
  });

  it("trades with a newcomer who takes what is before it", async () => {
    const before = (await readBook(String(sale.ticker))).asks;
    const at = before.findIndex(({ price }) => price === brl(sale.price));
    const quantity = before.slice(0, at + 1).reduce((sum, level) => sum + level.quantity, 0);
    const ticker = String(sale.ticker);
    const placed = await newcomer.place({ ticker, quantity, side: "BUY", price: brl(sale.price) });
    expect(placed.status, JSON.stringify(placed.body)).toBe(201);
    const owner = await enterOwner(sale);
    await expect.poll(async () => (await owner.order(String(sale.order_id))).status, waiting).toBe("FILLED");
    await expect.poll(async () => (await newcomer.order(placed.body.orderId)).status, waiting).toBe("FILLED");
    await settle();
    await expect.poll(() => findDifferences(gateway, owner), waiting).toEqual([]);
  });
});

describe("a world of an earlier day, in stores that no exchange has worked on", () => {
  it("ends its open orders when the exchange starts, which counts on above the world's numbers", async () => {
    const world = createWorld({ randomSeed: 7, scale: 0.01, asOfMs: Date.now() - 2 * dayMs });
    // Without quotes the first start of the engine makes its tables and nothing else.
    const others = serviceNames.filter((name) => name !== "b3-market-sync");
    const system = await startSystem({ services: others, env: { QUOTE_INTERVAL: "3600" } });
    try {
      await waitUntilReady(system, others);
      await restartLoaded(system, world);
      const open = readRows(world, "order", "orders").filter(isOpen);
      const [{ order_id, user_id } = {}] = open;
      const email = readRows(world, "identity", "users").find((user) => user.user_id === user_id)?.email;
      const owner = await enter(system.urls["broker-gateway"], String(email), secrets.password);
      await expect.poll(async () => (await owner.order(String(order_id))).status, waiting).toBe("EXPIRED");
      await expect.poll(() => findViolations(system.databases), waiting).toEqual([]);
      const own = await openDatabase<ExchangeTables>(system.databases.engine);
      const commands = await own.db.selectFrom("commands").selectAll().where("sequence", ">=", 0).execute();
      const ended = await own.db.selectFrom("results").select("order_id").where("id", ">=", 0).execute();
      await own.close();
      expect(commands[0]).toMatchObject({ sequence: 0, kind: "SESSION_END" });
      expect(ended.map((row) => row.order_id).sort()).toEqual(open.map((row) => row.order_id).sort());
    } finally {
      await system.close();
    }
  });
});
