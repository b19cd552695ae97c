import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyStores } from "../../cli/seed/verify/verify-stores.js";
import { createWorld } from "../../cli/seed/world/world.js";
import { createRandom } from "../../kit/seeded-random.js";
import { openSqliteFile, type SqliteFile } from "../../kit/sql/sqlite-file.js";
import { enter, type Investor, waitForPrices } from "../brokerage/investor.js";
import { type Load, startLoad } from "../brokerage/load.js";
import { type System, secrets, startSystem, waitUntilReady } from "../brokerage/start-system.js";
import { loadWorld } from "./load-world.js";
import { storesOf } from "./stores-of-system.js";

const engine = "b3-matching-engine";

describe("a system through which orders flow", () => {
  // Of three days ago: the exchange ends its open orders while it is looked at for the first time.
  const world = createWorld({ randomSeed: 42, scale: 0.01, asOfMs: Date.now() - 3 * 86_400_000 });
  let system: System;
  let investors: Investor[];
  let load: Load;
  let wallet: SqliteFile;

  beforeAll(async () => {
    system = await startSystem();
    await waitUntilReady(system);
    await system.stopService(engine);
    await loadWorld(world, system);
    await system.startService(engine);
    await waitUntilReady(system);
    const gateway = system.urls["broker-gateway"];
    investors = await Promise.all(
      ["ana", "bruno", "carla"].map((name) => enter(gateway, `${name}@mybroker.example`, secrets.password)),
    );
    await waitForPrices(gateway, investors[0]?.token ?? "");
    await Promise.all(investors.map((investor) => investor.deposit(9_000_000)));
    load = startLoad({ gateway, investors, perSecond: 50, most: 100_000, random: createRandom(7) });
    wallet = await openSqliteFile(system.storePath("broker-wallet-db"));
  }, 60_000);
  afterAll(async () => {
    await load?.finish(30_000);
    wallet?.close();
    await system?.close();
  }, 60_000);

  const verify = () => verifyStores(storesOf(system), { settleMs: 2_000 });

  it("has no differences, whenever it is looked at", async () => {
    const seen: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const { differences, total, counts } = await verify();
      expect(differences).toEqual([]);
      expect(total).toBe(0);
      seen.push(counts.orders ?? 0);
    }
    expect(seen.at(-1)).toBeGreaterThan(Number(seen[0]));
  }, 60_000);

  it("shows a fault all the same, of those who trade and of those who do not", async () => {
    const [trader] = investors;
    const seeded = wallet.all("select user_id, sequence from transactions where sequence = 5 limit 1")[0];
    const change = (by: number) => {
      wallet.run("update accounts set available = available + ? where user_id = ?", [by, trader?.userId]);
      wallet.run(
        "update transactions set balance_after = balance_after + ? where user_id = ? and sequence = 5",
        [by, seeded?.user_id],
      );
    };
    change(10_000);
    const { differences } = await verify();
    const keys = differences.map(({ store, table, key }) => `${store} ${table} ${key}`);
    expect(keys).toContain(`broker-wallet-db transactions ${seeded?.user_id} 5`);
    const ofTrader = keys.filter((key) => key.includes(String(trader?.userId)));
    expect(ofTrader.length, keys.join("\n")).toBeGreaterThan(0);
    expect(new Set(keys.map((key) => key.split(" ")[0]))).toEqual(
      new Set(["broker-wallet-db", "broker-mongodb"]),
    );
  }, 60_000);
});
