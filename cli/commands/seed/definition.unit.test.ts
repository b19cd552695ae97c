import { property as forAll, assert as hold, integer } from "fast-check";
import { describe, expect, it } from "vitest";
import { seedCommand } from "./definition.js";

function parse(flag: string, text: string): unknown {
  const option = seedCommand.options?.find(({ flags }) => flags.startsWith(flag));
  return option?.parse?.(text, undefined);
}

describe("options of seed", () => {
  it("take every day there is, and no other", () => {
    hold(
      forAll(integer({ min: Date.parse("2000-01-01"), max: Date.parse("2099-12-31") }), (atMs) => {
        const day = new Date(atMs).toISOString().slice(0, 10);
        expect(new Date(parse("--as-of", day) as number).toISOString().slice(0, 10)).toBe(day);
      }),
    );
    for (const text of ["2026-02-29", "2026-13-01", "1999-12-31", "26-01-01", "tomorrow", ""])
      expect(() => parse("--as-of", text)).toThrow(/--as-of takes a day such as 2026-11-22/);
  });

  it.each(["0", "-1", "abc", "1000", "0.001", "1e1", " 1", "Infinity"])("refuse the scale %j", (text) => {
    expect(() => parse("--scale", text)).toThrow(`a scale is a number from 0.01 to 100, not ${text}`);
  });

  it("call an empty value nothing", () => {
    expect(() => parse("--scale", "")).toThrow(/, not nothing$/);
  });

  it("take scales from 0.01 to 100 and seeds up to 2^32 - 1", () => {
    expect(["0.01", "1", "2.5", "100"].map((text) => parse("--scale", text))).toEqual([0.01, 1, 2.5, 100]);
    expect(["0", "42", "4294967295"].map((text) => parse("--random-seed", text))).toEqual([
      0, 42, 4294967295,
    ]);
    for (const text of ["1.5", "-1", "4294967296", "x"])
      expect(() => parse("--random-seed", text)).toThrow(/--random-seed takes a whole number/);
  });
});
