import { afterAll, beforeAll, describe } from "vitest";
import { describeBulk } from "./bulk-suite.js";
import { describeCache } from "./cache-suite.js";
import { describeDocuments } from "./documents-suite.js";
import { type EngineStores, startEngineStores } from "./engine-stores.js";
import { describeFrozenServers } from "./frozen-server.js";
import { describeKilledHolder } from "./killed-holder.js";
import { describeLostSession } from "./lost-session.js";
import { describeMigrations } from "./migrations-suite.js";
import { describeSql } from "./sql-suite.js";
import { describeStaleSession } from "./stale-session.js";

let stores: EngineStores;

beforeAll(async () => {
  stores = await startEngineStores();
});
afterAll(async () => {
  await stores?.remove();
});

describe("on the servers", () => {
  for (const kind of ["mysql", "postgres"] as const) {
    describeSql(kind, () => stores[kind]);
    describeBulk(kind, () => stores[kind]);
    describeMigrations(kind, () => stores[kind]);
    describeKilledHolder(kind, () => stores[kind]);
    describeLostSession(kind, () => stores[kind]);
  }
  describeStaleSession("mysql", () => stores.mysql, {
    restrict: () =>
      stores.administer(
        "mysql",
        "REVOKE ALL PRIVILEGES, GRANT OPTION FROM broker; GRANT SELECT ON broker_order.* TO broker",
      ),
    lift: () => stores.administer("mysql", "GRANT ALL ON broker_order.* TO broker"),
  });
  describeStaleSession("postgres", () => stores.postgres, {
    restrict: () =>
      stores.administer("postgres", "ALTER DATABASE b3_core SET default_transaction_read_only=on"),
    lift: () => stores.administer("postgres", "ALTER DATABASE b3_core RESET default_transaction_read_only"),
  });
  describeDocuments("mongodb", () => ({ kind: "mongodb", ...stores.mongodb, database: "contract" }));
  describeFrozenServers(() => stores);
  describeCache("redis", () => ({ kind: "redis", ...stores.redis }));
});
