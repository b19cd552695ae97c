import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Outcome, shareWork } from "./share-work.js";

/** Work that takes a turn and keeps what it did; `refuses` makes all fail that are with such an input. */
function start(limit: number, refuses: (input: number) => boolean = () => false, code?: string) {
  const done: number[][] = [];
  let underWay = 0;
  const shared = shareWork<number, number>({
    limit,
    work: async (inputs) => {
      underWay += 1;
      expect(underWay).toBe(1);
      await Promise.resolve();
      underWay -= 1;
      if (inputs.some(refuses)) throw Object.assign(new Error("refused"), { code });
      done.push([...inputs]);
      return inputs.map((value): Outcome<number> => (value < 0 ? { error: value } : { value: value * 2 }));
    },
  });
  return { shared, done };
}

describe("shared work", () => {
  it("does everything once, in the order of asking, no more at once than the limit", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(99)), fc.integer({ min: 1, max: 7 }), async (inputs, limit) => {
        const { shared, done } = start(limit);
        expect(await Promise.all(inputs.map(shared.run))).toEqual(inputs.map((input) => input * 2));
        expect(done.flat()).toEqual(inputs);
        expect(Math.max(0, ...done.map(({ length }) => length))).toBeLessThanOrEqual(limit);
        await shared.close();
      }),
    );
  });

  it("lets what cannot be done, or is refused, fail alone", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: -9, max: 9 })), async (inputs) => {
        const { shared, done } = start(5, (input) => input === 3);
        const results = await Promise.allSettled(inputs.map(shared.run));
        expect(results.map(({ status }) => status)).toEqual(
          inputs.map((input) => (input === 3 || input < 0 ? "rejected" : "fulfilled")),
        );
        expect(done.flat()).toEqual(inputs.filter((input) => input !== 3));
      }),
    );
  });

  it("asks nobody again during an outage, and goes on after it", async () => {
    let isAway = true;
    const { shared, done } = start(10, () => isAway, "ECONNREFUSED");
    const results = await Promise.allSettled([1, 2, 3].map(shared.run));
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    isAway = false;
    expect(await shared.run(4)).toBe(8);
    expect(done).toEqual([[4]]);
  });

  it("takes what is larger than the limit alone", async () => {
    const done: string[][] = [];
    const shared = shareWork<string, number>({
      limit: 3,
      sizeOf: ({ length }) => length,
      work: async (inputs) => {
        done.push([...inputs]);
        return inputs.map(({ length }) => ({ value: length }));
      },
    });
    await Promise.all(["a", "bb", "cccc", "d"].map(shared.run));
    expect(done).toEqual([["a", "bb"], ["cccc"], ["d"]]);
  });
});
