import fc from "fast-check";
import { describe, expect, it } from "vitest";

// The bench is plain JavaScript, so that it runs without a build step; without declarations it is any here.
const load = (name: string) => import(new URL(name, import.meta.url).href);
const { interleave, median, percentile } = await load("./statistics.mjs");
const { replaceSection } = await load("./write-docs.mjs");
const { renderTable } = await load("./figures.mjs");

const samples = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });

describe("statistics", () => {
  it("takes percentiles by nearest rank", () => {
    const five = [15, 20, 35, 40, 50];
    expect([5, 30, 40, 50, 95, 100].map((percent) => percentile(five, percent))).toEqual([
      15, 20, 20, 35, 50, 50,
    ]);
    expect(
      percentile(
        Array.from({ length: 20 }, (_, index) => index + 1),
        95,
      ),
    ).toBe(19);
  });

  it("gives a sample with enough samples at or below it, whatever the samples", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 100 }), (values, percent) => {
        const value = percentile(values, percent);
        expect(values).toContain(value);
        const below = values.filter((sample) => sample <= value).length;
        expect((below / values.length) * 100).toBeGreaterThanOrEqual(percent - 1e-9);
      }),
    );
  });

  it("takes the mean of the two in the middle as median", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([9, 1, 5])).toBe(5);
    expect(() => median([])).toThrow("no samples");
  });

  it("lets each peer go first in every other round", () => {
    expect(interleave(["A", "B"], 3)).toEqual([
      ["A", "B"],
      ["B", "A"],
      ["A", "B"],
    ]);
  });
});

describe("docs/benchmarks.md", () => {
  const page =
    "a\n<!-- bench:up -->\nold\n<!-- /bench:up -->\nb\n<!-- bench:noop -->\n<!-- /bench:noop -->\n";

  it("replaces one section and leaves the rest, however often", () => {
    const once = replaceSection(page, "up", "new");
    expect(once).toBe(page.replace("old", "new"));
    expect(replaceSection(once, "up", "new")).toBe(once);
  });

  it("refuses a page without the section", () => {
    expect(() => replaceSection(page, "memory", "new")).toThrow("<!-- bench:memory -->");
  });

  it("keeps a missed target in the table", () => {
    const figure = { what: "ps", target: "<= 1 s", ours: "2 s", compose: "-" };
    expect(renderTable([{ ...figure, met: false }])).toContain("| ps | <= 1 s | 2 s | - | **missed** |");
    expect(renderTable([{ ...figure, met: undefined }])).toContain("| 2 s | - | - |");
  });
});
