import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DocumentStore, openDocuments } from "../../../kit/documents/documents.js";
import { makeStoreFolder } from "../../../test/support/domain-service.js";
import { createPriceHistory, historyMs } from "./price-history.js";

let folder: Awaited<ReturnType<typeof makeStoreFolder>>;
let store: DocumentStore;

beforeEach(async () => {
  folder = await makeStoreFolder();
  store = await openDocuments({ kind: "sqlite", path: `${folder.path}/mongo.sqlite` });
});
afterEach(async () => {
  await store.close();
  await folder.remove();
});

function makeEvent(updated_at: string) {
  return {
    ticker: "PETR4",
    name: "PETROBRAS PN",
    short_name: "PETROBRAS PN",
    price: 38.5,
    volume: 0,
    updated_at,
  };
}

describe("price_history", () => {
  it("has each quote once, however often it is added", async () => {
    const history = createPriceHistory(store, 60_000);
    const events = ["2026-05-04T03:00:00.000Z", "2026-05-04T03:00:05.000Z"].map(makeEvent);
    await history.add(events);
    await history.add(events);
    const collection = await store.collection("price_history", []);
    expect(await collection.count()).toBe(2);
  });

  it("loses what is older than it is to keep, and nothing else", async () => {
    const collection = await store.collection("price_history", []);
    const documents = [3_600_000, 30_000].map((ageMs): [string, object] => {
      const created_at = new Date(Date.now() - ageMs).toISOString();
      return [String(ageMs), { ...makeEvent(created_at), created_at }];
    });
    await collection.insertMany(new Map(documents));
    await createPriceHistory(store, 60_000).add([makeEvent(new Date().toISOString())]);
    expect(await collection.get("3600000")).toBeUndefined();
    expect(await collection.get("30000")).toBeDefined();
    expect(await collection.count()).toBe(2);
  });

  it("goes back a week, or as far as a million documents do", () => {
    expect(historyMs(60_000)).toBe(7 * 24 * 3_600_000);
    expect(historyMs(5_000)).toBe(100_000_000);
  });
});
