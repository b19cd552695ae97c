import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MybrokerError } from "../errors/mybroker-error.js";
import { parseEnvFile, quoteEnvValue } from "./parse-env-file.js";

const fixtures = join(import.meta.dirname, "fixtures/compose");
const golden: Record<string, Record<string, string> | null> = JSON.parse(
  readFileSync(join(fixtures, "golden.json"), "utf8"),
);
const names: readonly string[] = JSON.parse(readFileSync(join(fixtures, "names.json"), "utf8"));
const shell: Readonly<Record<string, string>> = { SHELL_ONE: "from shell" };

function parse(text: string, file = ".env"): Map<string, string> {
  return parseEnvFile(text, { file, lookup: (name) => shell[name] });
}

function catchError(text: string): MybrokerError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof MybrokerError) return error;
    throw error;
  }
  throw new Error(`read without an error: ${text}`);
}

describe("an .env file is read as docker compose 2.40.3 reads it", () => {
  for (const file of readdirSync(fixtures).filter((name) => name.endsWith(".env"))) {
    const expected = golden[file];
    const text = readFileSync(join(fixtures, file), "utf8");

    if (expected === null) {
      it(`${file}: refused`, () => {
        expect(catchError(text)).toMatchObject({ code: "env.malformed", exitCode: 2 });
      });
      continue;
    }
    it(`${file}: the values`, () => {
      const values = { ...Object.fromEntries(parse(text, file)), ...shell };
      const asked = Object.entries(values).filter(([name]) => names.includes(name));
      expect(Object.fromEntries(asked)).toEqual(expected);
    });
  }
});

describe("a value that quoteEnvValue wrote", () => {
  const roundTrip = (value: string) => parse(`BEFORE=1\nKEY=${quoteEnvValue(value)}\nAFTER=2\n`);

  it("comes back unchanged for every text of printable ASCII", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (value) => {
        expect([...roundTrip(value)]).toEqual([
          ["BEFORE", "1"],
          ["KEY", value],
          ["AFTER", "2"],
        ]);
      }),
      { numRuns: 2000 },
    );
  });

  it("comes back unchanged for the characters that mean something, in any order", () => {
    const unit = fc.constantFrom(..."'\"\\$#{}:=- \n\tan0`");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (value) => {
        expect(roundTrip(value).get("KEY")).toBe(value);
      }),
      { numRuns: 5000 },
    );
  });

  it("comes back unchanged for each single character and each pair of printable ASCII", () => {
    const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
    const values = printable.flatMap((first) => [first, ...printable.map((second) => first + second)]);
    expect(values.filter((value) => roundTrip(value).get("KEY") !== value)).toEqual([]);
  });

  it("stays bare where nothing in it needs a quote", () => {
    expect(quoteEnvValue("mysql:8.0.46")).toBe("mysql:8.0.46");
    expect(quoteEnvValue("")).toBe("");
    expect(quoteEnvValue("two words")).toBe("'two words'");
  });
});

describe("a malformed .env file", () => {
  const cases: readonly (readonly [text: string, line: number, message: RegExp])[] = [
    ["A=1\nB$C=2\n", 2, /unexpected character "\$" in variable name/],
    ["# c\n\nA B=1\n", 3, /a name cannot contain a space/],
    ['A=1\r\n\r\nB="open\nC=2\n', 3, /the quote " does not close/],
    ["A='two\nlines'\nB=${\n", 3, /\$\{ is not closed/],
    ["A=${NOPE:?run init}\n", 1, /NOPE has no value: run init/],
  ];
  for (const [text, line, message] of cases) {
    it(`names line ${line}: ${JSON.stringify(text)}`, () => {
      const error = catchError(text);
      expect(error.message).toMatch(message);
      expect(error.details).toEqual({ file: ".env", line });
      expect(error.message).toContain(`.env:${line}: `);
    });
  }

  it("never shows what stands on the line, which can be a secret", () => {
    const errors = ["PASS word-secret=1\n", 'KEY="secret-value\n', "A={secret-key}\nsecret+base64/==\n"].map(
      catchError,
    );
    expect(
      errors.map((error) => JSON.stringify([error.message, error.hint, error.details])).join(),
    ).not.toContain("secret");
  });
});

it("reads 20,000 lines without taking quadratic time", () => {
  const text = Array.from({ length: 20_000 }, (_, index) => `KEY_${index}="value ${index}" # c\n\n`).join("");
  const started = performance.now();
  expect(parse(text).size).toBe(20_000);
  expect(performance.now() - started).toBeLessThan(2_000);
});

it("tells of variables that a value refers to and that have none", () => {
  const warnings: string[] = [];
  parseEnvFile("A=$NOPE\n", { file: ".env", warn: (text) => warnings.push(text) });
  expect(warnings).toEqual(["The variable NOPE is not set, it is taken as empty"]);
});

it("goes on from earlier files, which a later one may refer to and replace", () => {
  const values = parseEnvFile("B=$A\nA=2\n", { file: "second.env", earlier: new Map([["A", "1"]]) });
  expect([...values]).toEqual([
    ["A", "2"],
    ["B", "1"],
  ]);
});
