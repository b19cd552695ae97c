import { expect, it } from "vitest";
import { MybrokerError } from "../errors/mybroker-error.js";
import { openEach } from "./open-each.js";
import type { SeedStore } from "./stores.js";

const stores = ["broker-wallet-db", "broker-order-db", "shared-db", "shared-db"].map(
  (store) =>
    ({ kind: "sql", part: "wallet", owner: "broker-wallet", store, settings: {} }) as unknown as SeedStore,
);
const silence = () => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

/** Opens each store but those that fail; says what was closed. */
async function attempt(failures: Readonly<Record<string, Error>>, whenAllAreDown?: () => MybrokerError) {
  const closed: string[] = [];
  const outcome = await openEach(stores, {
    open: async ({ store }) => {
      if (failures[store] !== undefined) throw failures[store];
      return store;
    },
    close: async (store) => void closed.push(store),
    ...(whenAllAreDown === undefined ? {} : { whenAllAreDown }),
  }).catch((error: MybrokerError) => error);
  return { outcome, closed };
}

it("gives all that is open in the order of the stores, and closes none", async () => {
  const { outcome, closed } = await attempt({});
  expect(outcome).toEqual(stores.map(({ store }) => store));
  expect(closed).toEqual([]);
});

it("names each store that is down once, and closes the others", async () => {
  const { outcome, closed } = await attempt({ "shared-db": silence(), "broker-order-db": silence() });
  expect(outcome).toMatchObject({
    code: "seed.store-down",
    details: { stores: ["broker-order-db", "shared-db"] },
  });
  expect(closed).toEqual(["broker-wallet-db"]);
});

it("says what else is wrong with the first one, where all answer", async () => {
  const refusal = Object.assign(new Error("Access denied"), { code: "ER_ACCESS_DENIED_ERROR" });
  const { outcome, closed } = await attempt({ "broker-order-db": refusal });
  expect(outcome).toMatchObject({ code: "seed.login-refused", details: { store: "broker-order-db" } });
  expect(closed).toEqual(["broker-wallet-db", "shared-db", "shared-db"]);
});

it("tells a system that does not run from one with stores that are down", async () => {
  const nothingRuns = () =>
    new MybrokerError({ code: "project.not-running", message: "shop does not run", exitCode: 1 });
  const all = Object.fromEntries(stores.map(({ store }) => [store, silence()]));
  const { "shared-db": _, ...some } = all;
  expect((await attempt(all, nothingRuns)).outcome).toMatchObject({ code: "project.not-running" });
  expect((await attempt(some, nothingRuns)).outcome).toMatchObject({ code: "seed.store-down" });
  expect((await attempt(all)).outcome).toMatchObject({ code: "seed.store-down" });
});
