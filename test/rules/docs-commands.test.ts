import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/registry.js";
import type { OptionDefinition } from "../../cli/kernel/command.js";
import { globalOptionDefinitions } from "../../cli/kernel/global-options.js";
import { readPage, readSections, root } from "./docs/read-pages.js";

const headings = ["Example", "Options", "Reads", "Writes", "Prints", "Exit codes"];
const index = readPage("docs/commands.md").text;

/** Rows of a table of options: those whose first cell begins with a flag. */
function optionRows(section: string): { flags: string; text: string }[] {
  return [...section.matchAll(/^\| `(-[^`]*)` \| (.*) \|$/gm)].map(([, flags = "", text = ""]) => ({
    flags,
    text,
  }));
}

/** First cells of a table of exit codes, whatever the child is called there. */
function codeRows(section: string): string[] {
  return [...section.matchAll(/^\| (\d|the \S+'s) \| \S/gm)].map(([, code = ""]) =>
    code.startsWith("the ") ? "the child's" : code,
  );
}

/** Commands that end as the program that they run. */
const childCommands = ["connect", "exec", "replace"];
/** Commands with a meaning of 1 in docs/exit-codes.md. */
const endsWithNo = [
  ...(readSections(readPage("docs/exit-codes.md").text)["By command"] ?? "").matchAll(/^\| (`.*`) \|/gm),
].flatMap(([, names = ""]) => [...names.matchAll(/`([a-z]+)`/g)].map(([, name = ""]) => name));

function expectOptions(section: string, options: readonly OptionDefinition[]): void {
  const rows = optionRows(section);
  expect(rows.map(({ flags }) => flags)).toEqual(options.map(({ flags }) => flags));
  for (const { flags, choices = [] } of options) {
    const text = rows.find((row) => row.flags === flags)?.text;
    for (const choice of choices) expect(text, flags).toContain(`\`${choice}\``);
  }
}

describe("docs/commands.md", () => {
  it("names every command, in the order of --help", () => {
    const linked = [...index.matchAll(/\]\(commands\/([a-z]+)\.md\)/g)].map(([, name]) => name);
    expect([...new Set(linked)].slice(0, commands.length)).toEqual(commands.map(({ name }) => name));
  });

  it("has the global options", () => {
    expectOptions(readSections(index)["Global options"] ?? "", globalOptionDefinitions);
  });
});

describe("docs/commands", () => {
  it("has a page for every command, and none for what is no command", () => {
    const pages = readdirSync(join(root, "docs/commands")).sort();
    expect(pages).toEqual(commands.map(({ name }) => `${name}.md`).sort());
  });

  describe.each(commands)("page of $name", ({ name, options = [], arguments: words = [] }) => {
    const { text } = readPage(`docs/commands/${name}.md`);
    const sections = readSections(text);

    it("begins with its usage, and has the same order as every other", () => {
      const usage = new RegExp(`^# mybroker ${name}\n\n\`\`\`\nmybroker ${name}( .*)?\n\`\`\`\n\n\\S`);
      expect(text).toMatch(usage);
      for (const word of words) expect(usage.exec(text)?.[1]).toContain(word.name.replace(/\W/g, ""));
      expect(Object.keys(sections).slice(0, headings.length)).toEqual(headings);
      for (const heading of headings) expect(sections[heading]?.trim(), heading).not.toBe("");
    });

    it("has the options as they are registered", () => {
      expectOptions(sections.Options ?? "", options);
    });

    it("has an example, its schema, and its exit codes with their causes", () => {
      expect(sections.Example).toContain("\n$ mybroker ");
      expect(sections.Prints).toContain(`(../schema/${name}.schema.json)`);
      const codes = codeRows(sections["Exit codes"] ?? "");
      expect(codes[0]).toBe(childCommands.includes(name) ? "the child's" : "0");
      expect(codes).toContain("2");
      expect(codes.includes("1"), "1 here and in exit-codes.md").toBe(endsWithNo.includes(name));
    });
  });
});
