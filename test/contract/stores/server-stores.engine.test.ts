import { afterAll, beforeAll, describe } from "vitest";
import { describeCache } from "./cache-suite.js";
import { describeDocuments } from "./documents-suite.js";
import { type EngineStores, startEngineStores } from "./engine-stores.js";
import { describeSql } from "./sql-suite.js";

let stores: EngineStores;

beforeAll(async () => {
  stores = await startEngineStores("mysql", "postgres", "mongodb", "redis");
});
afterAll(async () => {
  await stores?.remove();
});

describe("on the servers", () => {
  describeSql("mysql", () => stores.mysql);
  describeSql("postgres", () => stores.postgres);
  describeDocuments("mongodb", () => ({ kind: "mongodb", ...stores.mongodb, database: "contract" }));
  describeCache("redis", () => ({ kind: "redis", ...stores.redis }));
});
