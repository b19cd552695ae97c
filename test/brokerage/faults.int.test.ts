import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ReadyBody } from "../../contracts/rest.js";
import { createRandom } from "../../kit/seeded-random.js";
import { switchSqliteFile } from "../../kit/sql/sqlite-file.js";
import { type ServiceName, serviceNames } from "../../services/definitions.js";
import { findDifferences } from "./find-differences.js";
import { findViolations } from "./find-violations.js";
import { call, enter, giveShares, type Investor, waitForPrices } from "./investor.js";
import { findStrays, startLoad } from "./load.js";
import { readPages } from "./read-pages.js";
import { type System, secrets, startSystem, waitUntilReady } from "./start-system.js";

const seed = Number(process.env.MYBROKER_SEED ?? Date.now() % 1_000_000);
const long = process.env.MYBROKER_LONG_RUNS === "1";
const waiting = { timeout: 60_000, interval: 100 };
const storeAwayMs = long ? 10_000 : 2_000;

/** Of each store those who own it, or cannot do without it. */
const owners: Readonly<Record<string, readonly ServiceName[]>> = {
  "broker-identity-db": ["broker-identity"],
  "broker-asset-db": ["broker-asset"],
  "broker-wallet-db": ["broker-wallet"],
  "broker-order-db": ["broker-order"],
  "b3-core-db": ["b3-matching-engine"],
  "broker-mongodb": ["broker-market-data", "broker-report"],
  "broker-asset-cache": ["broker-asset"],
  "broker-wallet-cache": ["broker-wallet"],
  "b3-market-cache": ["b3-market-sync", "b3-matching-engine"],
};
const stores = Object.keys(owners);

/** What is read of a service, on its own port. */
const reads: Readonly<Partial<Record<ServiceName, readonly string[]>>> = {
  "broker-identity": ["/api/v1/auth/me", "/.well-known/jwks.json"],
  "broker-asset": ["/api/v1/assets", "/api/v1/assets/PETR4", "/api/v1/assets/PETR4/price"],
  "broker-wallet": [
    "/api/v1/wallets/me/summary",
    "/api/v1/wallets/me/positions",
    "/api/v1/wallets/me/transactions",
  ],
  "broker-order": ["/api/v1/orders"],
  "broker-report": [
    "/api/v1/reports/me/orders",
    "/api/v1/reports/me/statement",
    "/api/v1/reports/assets/PETR4/history",
  ],
  "b3-market-sync": ["/quotes", "/quotes/PETR4"],
  "b3-matching-engine": ["/executions", "/book/PETR4"],
};

let system: System;
let gateway: string;
let investors: Investor[];

beforeAll(async () => {
  console.log(`MYBROKER_SEED=${seed}`);
  system = await startSystem({ env: { QUOTE_INTERVAL: "2" } });
  gateway = system.urls["broker-gateway"];
  await waitUntilReady(system);
  const admin = await enter(gateway, "admin@mybroker.example", secrets.password);
  investors = [];
  for (const name of ["ana", "bruno", "carla"]) {
    const investor = await enter(gateway, `${name}@example.com`, secrets.password);
    await investor.deposit(500_000);
    for (const ticker of ["PETR4", "MXRF11"]) {
      await giveShares(gateway, { admin, userId: investor.userId, ticker, quantity: 5_000 });
    }
    investors.push(investor);
  }
  await waitForPrices(gateway, admin.token);
}, 120_000);
afterAll(async () => {
  for (const store of stores) switchSqliteFile(system.storePath(store), true);
  await system.close();
}, 60_000);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const faults: readonly (readonly [what: string, happen: () => Promise<void>])[] = [
  ...serviceNames.map((name) => [name, () => restart(name)] as const),
  ...(["kafka", "rabbitmq"] as const).map((name) => [name, () => restartBroker(name)] as const),
  ...stores.map((name) => [name, () => takeAway(name)] as const),
];

async function restart(name: ServiceName): Promise<void> {
  await system.stopService(name);
  await pause(100);
  await system.startService(name);
}

async function restartBroker(name: "kafka" | "rabbitmq"): Promise<void> {
  await system.stopBroker(name);
  await pause(500);
  await system.startBroker(name);
}

async function takeAway(store: string): Promise<void> {
  switchSqliteFile(system.storePath(store), false);
  await pause(storeAwayMs);
  switchSqliteFile(system.storePath(store), true);
}

describe("while orders are placed", () => {
  it(`each service, broker and store may be away once, and nothing is lost or doubled (MYBROKER_SEED=${seed})`, {
    timeout: 600_000,
  }, async () => {
    const random = createRandom(seed);
    const load = startLoad({ gateway, investors, perSecond: long ? 25 : 15, most: 2_000, random });
    for (const [what, happen] of faults) {
      const before = load.orders.length;
      await happen();
      await vi.waitUntil(() => load.orders.length > before, waiting);
      await waitUntilReady(system).catch((error: Error) => {
        throw new Error(`after ${what} was away: ${error.message}`);
      });
    }
    await load.finish(90_000);
    expect(load.orders.length).toBeGreaterThan(200);
    await expectAllWell();
    const all = await Promise.all(investors.map(({ token }) => readPages(gateway, "orders", token)));
    expect(findStrays(load.orders, all.flat())).toEqual([]);
    // They did take orders, and did not only refuse them.
    expect(load.orders.filter(({ answer }) => answer?.status === 201).length).toBeGreaterThan(150);
  });
});

async function expectAllWell(): Promise<void> {
  await vi.waitFor(async () => {
    expect(await findViolations(system.databases)).toEqual([]);
    for (const one of investors) expect(await findDifferences(gateway, one)).toEqual([]);
  }, waiting);
}

describe("with one store stopped", () => {
  const readiness = async (name: ServiceName) =>
    (await call<ReadyBody>("GET", `${system.urls[name]}/health/ready`)).body;
  const namesMissing = ({ dependencies }: ReadyBody) =>
    dependencies.filter(({ ok }) => !ok).map(({ name }) => name);
  const missing = async () => {
    const found = await Promise.all(
      serviceNames.map(async (name) => [name, namesMissing(await readiness(name))] as const),
    );
    return Object.fromEntries(found.filter(([, names]) => names.length > 0));
  };

  it.each(stores)("%s: the others answer, and its owners name it", async (store) => {
    await vi.waitFor(async () => expect(await missing()).toEqual({}), waiting);
    const token = investors[0]?.token ?? "";
    const owning = owners[store] ?? [];
    switchSqliteFile(system.storePath(store), false);
    try {
      await vi.waitFor(
        async () =>
          expect(await missing()).toEqual(Object.fromEntries(owning.map((name) => [name, [store]]))),
        waiting,
      );
      for (const name of serviceNames) {
        expect((await fetch(`${system.urls[name]}/health/live`)).status, name).toBe(200);
        for (const path of reads[name] ?? []) {
          const places = path.startsWith("/api/") ? [system.urls[name], gateway] : [system.urls[name]];
          for (const place of places) {
            const { status, body } = await call("GET", `${place}${path}`, { token });
            const told = { name, path, status, code: body.code };
            if (owning.includes(name)) expect([200, 503], JSON.stringify(told)).toContain(status);
            else expect(told).toMatchObject({ status: 200 });
          }
        }
      }
    } finally {
      switchSqliteFile(system.storePath(store), true);
    }
    await vi.waitFor(async () => expect(await missing()).toEqual({}), waiting);
    for (const name of serviceNames) expect((await readiness(name)).status).toBe("ready");
  });

  it("leaves nothing behind", { timeout: 90_000 }, () => expectAllWell());
});
