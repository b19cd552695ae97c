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

    it("has an example, its schema and its exit codes", () => {
      expect(sections.Example).toContain(`\n$ mybroker `);
      expect(sections.Prints).toContain(`(../schema/${name}.schema.json)`);
      expect(sections["Exit codes"]).toMatch(/\b2\b/);
    });
  });
});
