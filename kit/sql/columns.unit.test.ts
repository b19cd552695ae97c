import { assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatTimestamp,
  parseTimestamp,
  readTimestamp,
  type SqlTimestamp,
  type Timestamp,
} from "./columns.js";

const latest = Date.parse("2255-01-01T00:00:00Z") * 1_000;

describe("a timestamp", () => {
  it("survives its text to the microsecond, and sorts as its text does", () => {
    const times = integer({ min: -62_135_596_800_000_000, max: latest }).map((at) => at as Timestamp);
    assert(
      property(times, times, (left, right) => {
        expect(parseTimestamp(formatTimestamp(left))).toBe(left);
        expect(formatTimestamp(left) < formatTimestamp(right)).toBe(left < right);
      }),
    );
  });

  it("reads what each server sends", () => {
    const at = parseTimestamp("2026-11-22T10:00:00.120Z");
    for (const sent of ["2026-11-22 10:00:00.120000", "2026-11-22 10:00:00.12+00", at]) {
      expect(readTimestamp(sent as unknown as SqlTimestamp)).toBe(at);
    }
    expect(formatTimestamp(at)).toBe("2026-11-22T10:00:00.120000Z");
  });

  it.each([
    "",
    "2026-11-22",
    "2026-11-22T10:00:00-03:00",
    "2026-13-01T00:00:00Z",
    "2026-11-22T10:00:00.1234567Z",
  ])("refuses %j", (text) => {
    expect(() => parseTimestamp(text)).toThrow(RangeError);
  });
});
