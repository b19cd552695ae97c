import { describe, expect, it } from "vitest";
import { type KnownCause, knownCauses } from "../../cli/errors/known-causes.js";
import { exitCodes } from "../../cli/errors/mybroker-error.js";
import { readPage, readSections } from "./docs/read-pages.js";

/** As troubleshooting.md writes it: names to be filled in as capitals, commands spelled out. */
function spell(text: string): string {
  return text
    .replaceAll("{mybroker}", "mybroker")
    .replace(/(?<!\$)\{(\w+)\}/g, (_, name: string) => name.replace(/([A-Z])/g, "_$1").toUpperCase())
    .replaceAll("|", "\\|");
}

function causeRow({ id, cause, fix }: KnownCause): string {
  return `| \`${id}\` | ${spell(cause)} | ${spell(fix)} |`;
}

describe("docs/exit-codes.md", () => {
  it("has every exit code under its name, and no other", () => {
    const rows = [...readPage("docs/exit-codes.md").text.matchAll(/^\| (\d+) \| (\w+) \|/gm)];
    expect(Object.fromEntries(rows.map(([, code, name]) => [name, Number(code)]))).toEqual(exitCodes);
  });
});

describe("docs/troubleshooting.md", () => {
  it("has every known cause with its texts, in the order in which they are tried", () => {
    const causes = readSections(readPage("docs/troubleshooting.md").text)["Known causes"] ?? "";
    const rows = causes.split("\n").filter((line) => line.startsWith("| `"));
    expect(rows).toEqual(knownCauses.map(causeRow));
  });
});
