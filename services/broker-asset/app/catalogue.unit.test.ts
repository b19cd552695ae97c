import { describe, expect, it } from "vitest";
import type { Asset } from "../../../contracts/rest.js";
import { createCatalogue } from "./catalogue.js";

const petr4: Asset = {
  ...{ ticker: "PETR4", name: "PETROBRAS PN", kind: "SHARE", lotSize: 100 },
  ...{ tick: 0.01, status: "ACTIVE" },
};
const mxrf11: Asset = { ...petr4, ticker: "MXRF11", name: "MAXI RENDA FII", kind: "FUND", lotSize: 1 };

/** A database that does as `state` says, and a clock that stands where it is put. */
function open() {
  const state = { nowMs: 1_000_000, loads: 0, answer: async (): Promise<Asset[]> => [petr4, mxrf11] };
  const loadAssets = () => {
    state.loads++;
    return state.answer();
  };
  return { state, catalogue: createCatalogue({ loadAssets }, () => state.nowMs) };
}

describe("catalogue", () => {
  it("derives the odd-lot book of a share, and of nothing else", async () => {
    const { catalogue } = open();
    expect((await catalogue.list()).map(({ ticker }) => ticker)).toEqual(["PETR4", "PETR4F", "MXRF11"]);
    const oddLot = { ...petr4, ticker: "PETR4F", lotSize: 1 };
    expect(await catalogue.find("PETR4F")).toEqual({ asset: oddLot, baseTicker: "PETR4" });
  });

  it("is read once for all who ask within two seconds, and not while nobody asks", async () => {
    const { state, catalogue } = open();
    await Promise.all(Array.from({ length: 100 }, () => catalogue.find("PETR4")));
    state.nowMs += 1_999;
    await catalogue.find("PETR4");
    expect(state.loads).toBe(1);
    state.answer = async () => [{ ...petr4, status: "INACTIVE" }];
    state.nowMs += 1;
    expect((await catalogue.find("PETR4"))?.asset.status).toBe("INACTIVE");
    expect(await catalogue.find("MXRF11")).toBeUndefined();
    expect(state.loads).toBe(2);
  });

  it("holds while the database fails, or does not answer, which no more than one request in two seconds notices", async () => {
    const { state, catalogue } = open();
    await catalogue.find("PETR4");
    state.nowMs += 2_000;
    state.answer = async () => Promise.reject(new Error("down"));
    expect(await catalogue.find("PETR4")).toBeDefined();
    expect(await catalogue.find("PETR4")).toBeDefined();
    expect(state.loads).toBe(2);
    state.nowMs += 2_000;
    state.answer = () => new Promise(() => {});
    const began = performance.now();
    for (let asked = 0; asked < 20; asked++) expect(await catalogue.find("PETR4")).toBeDefined();
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(state.loads).toBe(3);
  });

  it("is refused as long as it was never read", async () => {
    const { state, catalogue } = open();
    state.answer = async () => Promise.reject(new Error("down"));
    await expect(catalogue.find("PETR4")).rejects.toMatchObject({
      status: 503,
      code: "CATALOGUE_UNAVAILABLE",
    });
    await expect(catalogue.list()).rejects.toMatchObject({ status: 503 });
  });
});
