import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendAssignments, scanAssignments, setRawValues } from "./env-lines.js";
import { readExampleFile, secretKeysOf } from "./example-file.js";

function pairs(text: string): [string, string][] {
  return scanAssignments(text).map(({ key, valueStart, valueEnd }) => [
    key,
    text.slice(valueStart, valueEnd),
  ]);
}

describe("scanAssignments", () => {
  it.each<[string, string, [string, string][]]>([
    [
      "plain",
      "A=1\nB=two words\n",
      [
        ["A", "1"],
        ["B", "two words"],
      ],
    ],
    ["no line break at the end", "A=1", [["A", "1"]]],
    [
      "export and YAML style",
      "export A=1\nB: 2\n",
      [
        ["A", "1"],
        ["B", "2"],
      ],
    ],
    ["blanks around", "  A = 1  \n", [["A", "1"]]],
    [
      "an inline comment",
      "A=1 # one\nB=a#b\n",
      [
        ["A", "1"],
        ["B", "a#b"],
      ],
    ],
    // Compose takes this for the value "# note": a comment needs a blank in front inside the value.
    ["a comment mark right behind =", "A= # note\n", [["A", "# note"]]],
    [
      "quotes with escapes",
      "A=\"a\\\"b\" # c\nB='it\\'s'\n",
      [
        ["A", '"a\\"b"'],
        ["B", "'it\\'s'"],
      ],
    ],
    [
      "a value over three lines",
      'A="one\nB=two\nthree"\nC=4\n',
      [
        ["A", '"one\nB=two\nthree"'],
        ["C", "4"],
      ],
    ],
    [
      "CRLF",
      "A=1\r\nB=\r\n# c\r\nC=3",
      [
        ["A", "1"],
        ["B", ""],
        ["C", "3"],
      ],
    ],
    [
      "a bare key",
      "A\nB=1\n",
      [
        ["A", ""],
        ["B", "1"],
      ],
    ],
    ["dots and brackets in a name", "A.b[0]-c=1\n", [["A.b[0]-c", "1"]]],
  ])("reads %s", (_, text, expected) => {
    expect(pairs(text)).toEqual(expected);
  });

  it("marks a key as secret only where the line directly above says so", () => {
    const text = "# secret\nA=\n# secret\n\nB=\n# secret\n# about C\nC=\n#  Secret\nD=\n# secrets\nE=\n";
    expect([...secretKeysOf(text)]).toEqual(["A", "D"]);
  });
});

describe("readExampleFile", () => {
  it("takes the mark of a secret that may stay empty", () => {
    const { keys } = readExampleFile("# secret, optional\nA=\n# Secret,optional\nB=1\n# secret, maybe\nC=\n");
    expect(keys.map(({ secret, optional }) => [secret, optional])).toEqual([
      [true, true],
      [true, true],
      [false, false],
    ]);
  });

  it("lists keys once, in order, with what they lack", () => {
    const { keys } = readExampleFile("B=1\n# secret\nA=\nB=2\nC=''\n");
    expect(keys).toEqual([
      { key: "B", secret: false, optional: false, empty: false },
      { key: "A", secret: true, optional: false, empty: true },
      { key: "C", secret: false, optional: false, empty: true },
    ]);
  });
});

describe("edits", () => {
  it("set a value and leave every other byte", () => {
    const text = "# head\r\n\r\nA=1 # one\r\nB=\r\n C = 'x y'  # note";
    const edited = setRawValues(
      text,
      new Map([
        ["A", "9"],
        ["B", "b"],
        ["C", "z"],
        ["D", "no such key"],
      ]),
    );
    expect(edited).toBe("# head\r\n\r\nA=9 # one\r\nB=b\r\n C = z  # note");
  });

  it("set the assignment that counts: the last one", () => {
    expect(setRawValues("A=1\nA=2\n", new Map([["A", "3"]]))).toBe("A=1\nA=3\n");
  });

  it("give a bare key a value", () => {
    expect(setRawValues("A\nB=1\n", new Map([["A", "x"]]))).toBe("A=x\nB=1\n");
  });

  it("append keys with the comments above them, in the order of the source", () => {
    const source = "# about A\n# secret\nA=\n\nB=2\n# about C\nC=3";
    expect(appendAssignments("X=1", source, new Set(["C", "A"]))).toBe(
      "X=1\n# about A\n# secret\nA=\n# about C\nC=3\n",
    );
    expect(appendAssignments("X=1\r\n", source, new Set(["C"]))).toBe("X=1\r\n# about C\r\nC=3\r\n");
    expect(appendAssignments("X=1", source, new Set())).toBe("X=1");
  });

  it("change what they are asked to and nothing else, in any file", () => {
    const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/);
    // Not empty: behind an empty value Compose takes " # note" for the value.
    const plain = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
    const quoted = fc.stringMatching(/^"[A-Za-z0-9 #=\n]{0,12}"$/);
    const assignment = fc.record({
      name,
      value: fc.oneof(plain, quoted),
      tail: fc.constantFrom("", " # note", "  "),
    });
    const other = fc.constantFrom("", "# comment", "# secret", "   ", "#A=1");
    const line = fc.oneof(assignment, other);
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom("\n", "\r\n"), plain, (lines, lineBreak, replacement) => {
        const text = lines
          .map((one) => (typeof one === "string" ? one : `${one.name}=${one.value}${one.tail}`))
          .join(lineBreak);
        const written = lines.filter((one) => typeof one !== "string");
        expect(pairs(text)).toEqual(written.map((one) => [one.name, one.value]));
        const target = written.at(-1)?.name;
        if (target === undefined) return;
        const edited = setRawValues(text, new Map([[target, replacement]]));
        const before = pairs(text);
        const last = before.findLastIndex(([key]) => key === target);
        expect(pairs(edited)).toEqual(
          before.map((pair, index) => (index === last ? [target, replacement] : pair)),
        );
        expect(setRawValues(edited, new Map([[target, before[last]?.[1] ?? ""]]))).toBe(text);
      }),
    );
  });
});
