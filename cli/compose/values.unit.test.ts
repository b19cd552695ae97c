import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseByteSize } from "./byte-size.js";
import { durationMs, formatDuration, parseDuration } from "./duration.js";
import { formatGoJson, map, struct } from "./go-json.js";
import { InvalidTemplate, interpolate } from "./interpolate.js";
import { resolvePlainScalar } from "./yaml-scalar.js";

describe("durations", () => {
  it("are the same after they were printed as Go prints them", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (nanoseconds) => {
        expect(parseDuration(formatDuration(nanoseconds))).toBe(nanoseconds);
      }),
    );
  });

  it("print in Go's form", () => {
    const printed = ["90s", "1.5h", "36h", "1d", "500ms", "1500us", "7ns", "0", "1h0m1s"].map((text) =>
      formatDuration(parseDuration(text) ?? -1n),
    );
    expect(printed).toEqual([
      "1m30s",
      "1h30m0s",
      "36h0m0s",
      "24h0m0s",
      "500ms",
      "1.5ms",
      "7ns",
      "0s",
      "1h0m1s",
    ]);
  });

  it("need a unit", () => {
    expect(["", "10", "s", "1x", "1 s", ".s"].map((text) => parseDuration(text))).toEqual(
      Array(6).fill(undefined),
    );
    expect(() => durationMs("10")).toThrow(RangeError);
    expect(durationMs("1m30s")).toBe(90_000);
  });
});

it("sizes count in powers of 1024, whatever their unit is called", () => {
  expect(["1k", "1kb", "1KiB", "1.5 m", "10", "2g", "7b", "1e3k"].map(parseByteSize)).toEqual([
    1024,
    1024,
    1024,
    1.5 * 2 ** 20,
    10,
    2 * 2 ** 30,
    7,
    1_024_000,
  ]);
  expect(["", "m", "-1", "1x", "1 kk", "1e"].map(parseByteSize)).toEqual(Array(6).fill(undefined));
});

it("unquoted scalars mean what they mean to go-yaml", () => {
  const sources = [
    "0444",
    "0o17",
    "0x1f",
    "0b11",
    "1_000",
    "-0x10",
    "089",
    "12:30",
    "yes",
    "True",
    "~",
    ".5",
    "1e3",
    "+5",
  ];
  const values = sources.map((source) => resolvePlainScalar(source).value);
  expect(values).toEqual([292, 15, 31, 3, 1000, -16, 89, "12:30", "yes", true, null, 0.5, 1000, 5]);
});

describe("interpolation", () => {
  it("leaves every text without a $ as it is, and gives back what was escaped", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const escaped = text.replaceAll("$", "$$$$");
        expect(
          interpolate(
            escaped,
            () => "x",
            () => {},
          ),
        ).toBe(text);
      }),
    );
  });

  it("ends for every text, with a text or with InvalidTemplate", () => {
    const unit = fc.constantFrom(..."${}:-?+Aa_1 \n".split(""));
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), (template) => {
        try {
          expect(
            typeof interpolate(
              template,
              () => undefined,
              () => {},
            ),
          ).toBe("string");
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidTemplate);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("JSON as Go writes it", () => {
  it("sorts the keys of a map by bytes and keeps those of a struct in order", () => {
    const order = struct("b a m", { m: map() });
    const data = {
      a: 1,
      b: 0.3,
      m: { "9": 1, "10": 2, Z: 3, a: 4, é: 5, "\u{1f600}": 6, "\uffee": 7 },
      extra: 1,
    };
    expect(formatGoJson(data, order)).toBe(
      '{"b":0.3,"a":1,"m":{"10":2,"9":1,"Z":3,"a":4,"é":5,"\uffee":7,"\u{1f600}":6}}',
    );
  });

  it("escapes what HTML would read", () => {
    expect(formatGoJson('<a&b>\u2028\u2029"\\\n', map())).toBe(
      '"\\u003ca\\u0026b\\u003e\\u2028\\u2029\\"\\\\\\n"',
    );
  });
});
