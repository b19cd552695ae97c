import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanAssignments } from "./env-lines.js";
import { readEnvValues } from "./env-values.js";
import { generateFor, matchesRabbitHash } from "./generate-secrets.js";
import { quoteEnvValue } from "./parse-env-file.js";
import { type EnvPlan, type EnvPlanRequest, findEnvNeeds, planEnvFile } from "./plan-env-file.js";

const parse = (text: string) => readEnvValues(text, ".env", {});

function plan(changes: Partial<EnvPlanRequest> & { exampleText: string }): EnvPlan {
  return planEnvFile({
    currentText: undefined,
    rewrite: false,
    values: new Map(),
    generate: generateFor,
    parse,
    ...changes,
  });
}

const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,10}$/).filter((key) => !key.endsWith("_PASS_HASH"));
const value = fc
  .string({ unit: "grapheme-ascii", minLength: 1, maxLength: 16 })
  .map((text) => quoteEnvValue(text));
const setting = fc.record({ name, value, mark: fc.constantFrom("", "# about it\n", "# a\n# b\n\n") });
const secret = fc.record({
  name,
  value: fc.constant(""),
  mark: fc.constantFrom("# secret\n", "# x\n# secret\n"),
});
const example = fc
  .uniqueArray(fc.oneof(setting, secret), { selector: (entry) => entry.name, maxLength: 12 })
  .map((entries) => entries.map((entry) => `${entry.mark}${entry.name}=${entry.value}\n`).join(""));

describe("planEnvFile for any example", () => {
  it("keeps its order and comments, and fills in nothing but secrets", () => {
    fc.assert(
      fc.property(example, (exampleText) => {
        const { text, generated } = plan({ exampleText });
        const emptied = scanAssignments(text).reduceRight(
          (rest, { key, valueStart, valueEnd }) =>
            generated.includes(key) ? rest.slice(0, valueStart) + rest.slice(valueEnd) : rest,
          text,
        );
        expect(emptied).toBe(exampleText);
        for (const key of generated) expect(parse(text)[key]).toMatch(/^[A-Za-z0-9_-]{43,44}$/);
        expect(findEnvNeeds(exampleText, text)).toEqual({ missing: [], secrets: [] });
      }),
    );
  });

  it("changes nothing when it runs again", () => {
    fc.assert(
      fc.property(example, (exampleText) => {
        const first = plan({ exampleText });
        const second = plan({ exampleText, currentText: first.text });
        expect(second).toEqual({ text: first.text, added: [], generated: [], derived: [] });
      }),
    );
  });

  it("adds what an older .env lacks and overwrites no value in it", () => {
    fc.assert(
      fc.property(example, example, (older, newer) => {
        const currentText = plan({ exampleText: older }).text;
        const before = parse(currentText);
        const { text, added } = plan({ exampleText: newer, currentText });
        expect(text.startsWith(currentText)).toBe(true);
        expect(parse(text)).toMatchObject(before);
        const expected = Object.keys(parse(newer)).filter((key) => before[key] === undefined);
        expect(added).toEqual(expected);
      }),
    );
  });

  it("rewrites with --force all but secrets and keys of the user's own", () => {
    fc.assert(
      fc.property(example, value, (exampleText, own) => {
        const first = plan({ exampleText }).text;
        const marked = new Set(scanAssignments(exampleText).flatMap((one) => (one.secret ? [one.key] : [])));
        const currentText = `${scanAssignments(first)
          .map(({ key }) => (marked.has(key) ? `${key}=mine_${key}` : `${key}=changed`))
          .join("\n")}\nzz_own=${own}\n`;
        const rewritten = parse(plan({ exampleText, currentText, rewrite: true }).text);
        for (const [key, original] of Object.entries(parse(exampleText))) {
          expect(rewritten[key]).toBe(marked.has(key) ? `mine_${key}` : original);
        }
        expect(rewritten.zz_own).toBe(parse(`A=${own}`).A);
      }),
    );
  });
});

describe("planEnvFile", () => {
  it("fills a secret that was left empty, where it stands", () => {
    const exampleText = "A=1\n# secret\nP=\n";
    const { text, generated, added } = plan({
      exampleText,
      currentText: "P=\nA=2\n",
      generate: () => "made",
    });
    expect({ text, generated, added }).toEqual({ text: "P=made\nA=2\n", generated: ["P"], added: [] });
  });

  it("leaves a key alone that comes from the shell, and an empty one that is no secret", () => {
    const { text, generated } = plan({ exampleText: "# secret\nP=\nQ=1\n", currentText: "P\nQ=\n" });
    expect({ text, generated }).toEqual({ text: "P\nQ=\n", generated: [] });
  });

  it("leaves an optional secret empty, and keeps the value that it was given", () => {
    const exampleText = "# secret, optional\nT=\n";
    expect(plan({ exampleText })).toMatchObject({ text: exampleText, generated: [] });
    const currentText = "# secret, optional\nT=theirs\n";
    expect(plan({ exampleText, currentText, rewrite: true }).text).toBe(currentText);
  });

  it("prefers the values that it is given: recovered secrets, moved ports", () => {
    const { text, generated } = plan({
      exampleText: "PORT=3306\n# secret\nP=\n# secret\nQ=\n",
      values: new Map([
        ["PORT", "3310"],
        ["P", "'old one'"],
      ]),
      generate: () => "made",
    });
    expect({ text, generated }).toEqual({
      text: "PORT=3310\n# secret\nP='old one'\n# secret\nQ=made\n",
      generated: ["Q"],
    });
  });

  it("derives RabbitMQ's hash, keeps it while it matches, and replaces it when the password changed", () => {
    const exampleText = "# secret\nRABBITMQ_PASSWORD=\n# secret\nRABBITMQ_PASS_HASH=\n";
    const first = plan({ exampleText });
    expect(first).toMatchObject({ generated: ["RABBITMQ_PASSWORD"], derived: ["RABBITMQ_PASS_HASH"] });
    const values = parse(first.text);
    expect(matchesRabbitHash(values.RABBITMQ_PASS_HASH ?? "", values.RABBITMQ_PASSWORD ?? "")).toBe(true);
    expect(plan({ exampleText, currentText: first.text }).text).toBe(first.text);
    const edited = first.text.replace(values.RABBITMQ_PASSWORD ?? "", "typed-by-hand");
    const third = plan({ exampleText, currentText: edited });
    expect(third.derived).toEqual(["RABBITMQ_PASS_HASH"]);
    expect(matchesRabbitHash(parse(third.text).RABBITMQ_PASS_HASH ?? "", "typed-by-hand")).toBe(true);
  });

  it("keeps a .env of Windows line ends in that form", () => {
    const { text } = plan({ exampleText: "A=1\nB=2\n# c\nC=3\n", currentText: "A=1\r\nB=9\r\n" });
    expect(text).toBe("A=1\r\nB=9\r\n# c\r\nC=3\r\n");
  });
});

describe("scanAssignments", () => {
  it("finds the very keys that Compose's grammar does, in any text that it accepts", () => {
    const piece = fc.constantFrom(
      "A",
      "B.c",
      "=",
      ":",
      "\n",
      "\r\n",
      " ",
      "'",
      '"',
      "#",
      "x",
      "\\",
      "export ",
      "\t",
      "1",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const text = `${pieces.join("")}\n`;
        let values: Record<string, string>;
        try {
          values = readEnvValues(text, ".env", {});
        } catch {
          return;
        }
        const scanned = scanAssignments(text).filter(({ assigned }) => assigned);
        expect([...new Set(scanned.map(({ key }) => key))].sort()).toEqual(Object.keys(values).sort());
      }),
      { numRuns: 3000 },
    );
  });
});
