import { afterAll, beforeAll, describe } from "vitest";
import { type EngineStores, startEngineStores } from "./engine-stores.js";
import { describeSql } from "./sql-suite.js";

let stores: EngineStores;

beforeAll(async () => {
  stores = await startEngineStores("mysql", "postgres");
});
afterAll(async () => {
  await stores?.remove();
});

describe("on the engine", () => {
  describeSql("mysql", () => stores.mysql);
  describeSql("postgres", () => stores.postgres);
});
