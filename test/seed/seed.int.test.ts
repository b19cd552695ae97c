import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { runSeed, type SeedWish } from "../../cli/seed/run-seed.js";
import type { SqlPart } from "../../cli/seed/world/parts.js";
import { tablesOf } from "../../cli/seed/world/tables.js";
import { readRows } from "../../cli/seed/world/testing/read-world.js";
import { createWorld } from "../../cli/seed/world/world.js";
import type { Book } from "../../contracts/rest.js";
import { openDocuments } from "../../kit/documents/documents.js";
import { openBulk } from "../../kit/sql/bulk/bulk.js";
import { findDifferences } from "../brokerage/find-differences.js";
import { findViolations } from "../brokerage/find-violations.js";
import { call, enter, giveShares, type Investor, waitForPrices } from "../brokerage/investor.js";
import { type System, secrets, startSystem, waitUntilReady } from "../brokerage/start-system.js";
import { portsOf, storesOf } from "./stores-of-system.js";

const wish = (own: Partial<SeedWish> = {}): SeedWish => ({
  scale: 0.02,
  reset: false,
  dryRun: false,
  ...own,
});
const waiting = { timeout: 15_000, interval: 50 };
const databases = { identity: "broker-identity-db", wallet: "broker-wallet-db", order: "broker-order-db" };
const collections = ["order_reports", "account_reports", "statement_lines"];

let system: System;
let gateway: string;
let own: Investor;

const seed = (options: Partial<SeedWish> = {}) =>
  runSeed(storesOf(system), wish(options), portsOf({ system }));

/** Rows of a query in one of the databases. */
async function ask<Row extends object>(store: string, statement: string): Promise<Row[]> {
  const session = await openBulk({ kind: "sqlite", path: system.storePath(store) });
  try {
    return await session.query<Row>(statement);
  } finally {
    await session.close();
  }
}

async function countRows(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const parts = Object.entries({ ...databases, exchange: "b3-core-db" });
  for (const [part, store] of parts)
    for (const { name } of tablesOf[part as SqlPart]) {
      // Prices are written all the time.
      const where = name === "commands" ? "where order_id is not null" : "";
      const [row] = await ask<{ total: number }>(store, `select count(*) as total from ${name} ${where}`);
      if (name !== "books") counts[`${part} ${name}`] = row?.total ?? -1;
    }
  const documents = await openDocuments({ kind: "sqlite", path: system.storePath("broker-mongodb") });
  for (const name of collections) counts[name] = await (await documents.collection(name, [])).count();
  await documents.close();
  return counts;
}

const settle = () =>
  vi.waitFor(async () => expect(await findViolations(system.databases)).toEqual([]), waiting);

beforeAll(async () => {
  system = await startSystem({ env: { QUOTE_INTERVAL: "3600" } });
  await waitUntilReady(system);
  gateway = system.urls["broker-gateway"];
  own = await enter(gateway, "own@mybroker.example", secrets.password);
  await waitForPrices(gateway, own.token);
  await own.deposit(9_000_000);
  const admin = await enter(gateway, "admin@mybroker.example", secrets.password);
  await giveShares(gateway, { admin, userId: own.userId, ticker: "PETR4", quantity: 1_000 });
  const { body } = await own.place({ ticker: "PETR4", quantity: 100, side: "BUY" });
  await vi.waitUntil(async () => (await own.order(body.orderId)).status === "FILLED", waiting);
});
afterAll(() => system?.close());

describe("seed, beside services that run", () => {
  let before: Record<string, number>;

  beforeAll(async () => {
    await settle();
    before = await countRows();
  });

  it("puts one world into all stores, with which the services go on", async () => {
    const { kind, world, loaded } = await seed();
    expect(kind).toBe("loaded");
    expect(loaded.map(({ part }) => part)).toHaveLength(10);
    expect(world.counts.users).toBe(20);
    await settle();
    const user = await enter(gateway, world.loginEmail, secrets.password);
    expect(await findDifferences(gateway, user)).toEqual([]);
    const marks = await Promise.all(
      Object.values(databases).map((store) => ask<{ mark: string }>(store, "select mark from mybroker_seed")),
    );
    for (const [row] of marks)
      expect(JSON.parse(row?.mark ?? "")).toMatchObject({
        dataSet: world.id,
        scale: 0.02,
        state: "complete",
      });
  });

  it("does nothing a second time, and loads what one store lost", async () => {
    expect((await seed({})).kind).toBe("present");
    expect(await seed({ dryRun: true })).toMatchObject({ kind: "present", loaded: [] });
    const wallet = await openBulk({ kind: "sqlite", path: system.storePath("broker-wallet-db") });
    await wallet.execute("delete from mybroker_seed");
    await wallet.execute("delete from mybroker_seed_ids");
    for (const table of ["transactions", "positions", "reservations", "accounts"])
      await wallet.execute(`delete from ${table} where coalesce(user_id, '') <> '${own.userId}'`);
    await wallet.commit();
    await wallet.close();
    const again = await seed();
    expect(again.loaded.map(({ part }) => part)).toEqual(["wallet"]);
  });

  it("keeps its day, seed and scale where nothing else is said, and takes another one in their place", async () => {
    const { world } = await seed();
    const later = await runSeed(
      storesOf(system),
      { reset: false, dryRun: false },
      { ...portsOf(), nowMs: Date.now() + 9e7 },
    );
    expect([later.kind, later.world.asOfMs, later.world.id]).toEqual(["present", world.asOfMs, world.id]);
    const other = await seed({ scale: 0.03, randomSeed: 7 });
    expect(other.kind).toBe("loaded");
    expect(other.world.id).not.toBe(world.id);
    await settle();
    const [users] = await ask<{ total: number }>("broker-identity-db", "select count(*) as total from users");
    expect(users?.total).toBe((before["identity users"] as number) + 30);
    await expect(enter(gateway, other.world.loginEmail, secrets.password)).resolves.toBeDefined();
  });

  it("takes out its own on --reset, and leaves yours: also what you traded with each other", async () => {
    const { world } = await seed({ scale: 0.02, randomSeed: 42 });
    const sale = readRows(world, "order", "orders").find(
      ({ side, ticker, status }) => side === "SELL" && status === "PENDING" && !String(ticker).endsWith("F"),
    );
    const ticker = String(sale?.ticker);
    const price = Number(sale?.price) / 10_000;
    const { asks } = (await call<Book>("GET", `${system.urls["b3-matching-engine"]}/book/${ticker}`, own))
      .body;
    const quantity = asks.filter((ask) => ask.price <= price).reduce((sum, level) => sum + level.quantity, 0);
    const placed = await own.place({ ticker, quantity, side: "BUY", price });
    await expect.poll(async () => (await own.order(placed.body.orderId)).status, waiting).toBe("FILLED");
    // And one of theirs, placed since, that rests.
    const theirs = await enter(gateway, world.loginEmail, secrets.password);
    const resting = await theirs.place({ ticker: "MXRF11", quantity: 1, side: "BUY", price: 1 });
    expect(resting.status, JSON.stringify(resting.body)).toBe(201);
    await settle();
    const mine = {
      summary: await own.summary(),
      positions: await own.positions(),
      orders: await own.orders(),
    };
    const counter = `select count(*) as total from results where order_id = '${placed.body.orderId}' and counter_order_id is not null`;
    expect((await ask<{ total: number }>("b3-core-db", counter))[0]?.total).toBeGreaterThan(0);

    const { kind } = await seed({ reset: true });
    expect(kind).toBe("loaded");
    await settle();
    expect({
      summary: await own.summary(),
      positions: await own.positions(),
      orders: await own.orders(),
    }).toEqual(mine);
    expect((await ask<{ total: number }>("b3-core-db", counter))[0]?.total).toBe(0);
    await expect.poll(() => findDifferences(gateway, own), waiting).toEqual([]);
    // What is there beyond the data set is what was there before it, and the one order since.
    const rows = await countRows();
    const again = createWorld(world.options);
    for (const part of ["identity", "wallet", "order"] as const)
      for (const { name } of tablesOf[part]) {
        const seeded = readRows(again, part, name).length;
        const extra = {
          orders: 1,
          executions: expect.any(Number),
          transactions: expect.any(Number),
          reservations: 1,
          positions: 1,
        };
        const more = (rows[`${part} ${name}`] ?? 0) - seeded - (before[`${part} ${name}`] ?? 0);
        expect([name, more]).toEqual([name, extra[name as keyof typeof extra] ?? 0]);
      }
  });

  it("asks before --reset, and does nothing on a no", async () => {
    const rows = await countRows();
    const ports = portsOf({ system, confirm: false });
    expect((await runSeed(storesOf(system), wish({ reset: true }), ports)).kind).toBe("declined");
    expect(ports.asked).toEqual([20]);
    expect(await countRows()).toEqual(rows);
  });

  it("loads single stores, and says when they no longer fit the others", async () => {
    const only = new Set(["broker-mongodb"]);
    const again = await seed({ only, reset: true });
    expect(again.loaded.map(({ part }) => part).sort()).toEqual(["market-data", "report"]);
    const ports = portsOf({ system });
    await runSeed(storesOf(system), wish({ only, randomSeed: 9 }), ports);
    expect(ports.notes.join()).toMatch(/do not fit together/);
    expect((await seed({ randomSeed: 42 })).loaded.map(({ store }) => store)).toEqual([
      "broker-mongodb",
      "broker-mongodb",
    ]);
  });
});

describe("a seed that is interrupted", () => {
  let rows: Record<string, number>;

  beforeEach(async () => {
    await seed();
    await settle();
    rows = await countRows();
  });

  it.each([1, 5, 12, 18])("leaves every database as it was, whenever that is (%i)", async (after) => {
    const stop = new AbortController();
    let seen = 0;
    const onProgress = ({ phase }: { phase: string }) => {
      seen += 1;
      if (phase !== "done" && seen === after) stop.abort(new Error("Ctrl-C"));
    };
    const ports = portsOf({ system, signal: stop.signal, onProgress });
    await expect(runSeed(storesOf(system), wish({ randomSeed: 8 }), ports)).rejects.toThrow("Ctrl-C");
    const left = await countRows();
    for (const name of collections) delete left[name];
    expect(rows).toMatchObject(left);
    await settle();
  });

  it("is finished by the next one where MongoDB was half full", async () => {
    const stop = new AbortController();
    const ports = portsOf({
      system,
      signal: stop.signal,
      onProgress: ({ loader, rows: loaded }) =>
        loader.store.part === "report" && loaded > 0 && stop.abort(new Error("Ctrl-C")),
    });
    await expect(runSeed(storesOf(system), wish({ randomSeed: 8 }), ports)).rejects.toThrow("Ctrl-C");
    // Also of the data set that was there before nothing can be said to be whole.
    const back = await seed({ randomSeed: 42, dryRun: true });
    expect(back.loaded.map(({ part }) => part)).toContain("report");
    const next = await seed({});
    expect(next.loaded.map(({ part }) => part)).toContain("report");
    expect(next.loaded.map(({ part }) => part)).not.toContain("wallet");
    await settle();
    const user = await enter(gateway, next.world.loginEmail, secrets.password);
    expect(await findDifferences(gateway, user)).toEqual([]);
    await seed({ randomSeed: 42 });
    expect(await countRows()).toEqual(rows);
  });

  it("is finished by the next one where MongoDB was half emptied", async () => {
    const stop = new AbortController();
    const documents = await openDocuments({ kind: "sqlite", path: system.storePath("broker-mongodb") });
    const reports = await documents.collection("order_reports", []);
    const stopOnceSomeAreGone = async () => {
      while ((await reports.count()) === rows.order_reports) await setImmediate();
      stop.abort(new Error("Ctrl-C"));
    };
    let watching = Promise.resolve();
    const ports = portsOf({
      system,
      signal: stop.signal,
      onProgress: ({ loader, phase }) => {
        if (loader.store.part === "report" && phase === "removing") watching = stopOnceSomeAreGone();
      },
    });
    const only = new Set(["broker-mongodb"]);
    await expect(runSeed(storesOf(system), wish({ only, reset: true }), ports)).rejects.toThrow("Ctrl-C");
    await watching;
    await documents.close();
    expect((await seed({})).loaded.map(({ part }) => part)).toEqual(["report"]);
    expect(await countRows()).toEqual(rows);
  });

  it("undoes the others where one store refuses", async () => {
    const { world } = await runSeed(storesOf(system), wish({ randomSeed: 11, dryRun: true }), portsOf());
    const [user] = readRows(world, "identity", "users");
    const identity = await openBulk({ kind: "sqlite", path: system.storePath("broker-identity-db") });
    await identity.execute("update users set email = ? where user_id = ?", [String(user?.email), own.userId]);
    await identity.commit();
    await identity.close();
    await expect(seed({ randomSeed: 11 })).rejects.toThrow(
      expect.objectContaining({
        code: "seed.key-taken",
        message: expect.stringContaining("broker-identity-db"),
      }),
    );
    expect(await countRows()).toEqual(rows);
  });
});
