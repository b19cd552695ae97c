import { assert, property, shuffledSubarray } from "fast-check";
import { describe, expect, it } from "vitest";
import { demoShares, planEndowment } from "./demo-investor.js";

type Entry = Parameters<typeof planEndowment>[0][number];

/** Newest first, as the wallet has them, from entries in their order. */
function history(...entries: readonly Omit<Entry, "sequence">[]): Entry[] {
  return entries.map((entry, index) => ({ ...entry, sequence: index + 1 })).reverse();
}

const cash = { transactionType: "DEPOSIT", ticker: null } as const;
const shares = demoShares.map(({ ticker }) => ({ transactionType: "CUSTODY_IN", ticker }) as const);

describe("what the demo investor still lacks", () => {
  it("is all of it in an empty wallet, and nothing once all is entered", () => {
    expect(planEndowment([])).toEqual({ cash: true, shares: demoShares });
    expect(planEndowment(history(cash, ...shares))).toEqual({ cash: false, shares: [] });
  });

  it("is exactly what an interrupted run did not come to, in whatever order it went", () => {
    assert(
      property(shuffledSubarray([cash, ...shares]), (entries) => {
        const plan = planEndowment(history(...entries));
        expect(plan.cash).toBe(!entries.includes(cash));
        const left = demoShares.filter(({ ticker }) => !entries.some((entry) => entry.ticker === ticker));
        expect(plan.shares).toEqual(left);
      }),
    );
  });

  it("is nothing where the account's first entries are beyond the page", () => {
    const late = history(...Array.from({ length: 3 }, () => cash)).slice(0, 2);
    expect(planEndowment(late)).toEqual({ cash: false, shares: [] });
  });
});
