import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/registry.js";
import { type KnownCause, knownCauses } from "../../cli/errors/known-causes.js";
import { exitCodes } from "../../cli/errors/mybroker-error.js";
import type { OptionDefinition } from "../../cli/kernel/command.js";
import { globalOptionDefinitions } from "../../cli/kernel/global-options.js";

const root = resolve(import.meta.dirname, "../..");
const commandsPage = readSections("docs/commands.md");
const commandSections = Object.keys(commandsPage).filter((heading) => heading.startsWith("mybroker "));

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The text below each second-level heading of a page. */
function readSections(path: string): Readonly<Record<string, string>> {
  const [, ...parts] = read(path).split(/^## /m);
  return Object.fromEntries(
    parts.map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n"))]),
  );
}

interface Row {
  readonly flags: string;
  readonly text: string;
}

/** Rows of a table of options: those whose first cell begins with a flag. */
function optionRows(section: string): Row[] {
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

function listPages(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return [".git", "dist", "node_modules"].includes(entry.name) ? [] : listPages(path);
    return entry.name.endsWith(".md") ? [relative(root, path)] : [];
  });
}

/** Relative links of a page; code is no link. */
function linksOf(page: string): string[] {
  const prose = read(page)
    .replace(/^```.*?^```/gms, "")
    .replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function resolves(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? join(root, page) : resolve(root, dirname(page), path);
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(relative(root, target)).includes(anchor);
}

describe("docs/commands.md", () => {
  it("has a section for every command, in the order of --help", () => {
    expect(commandSections).toEqual(commands.map(({ name }) => `mybroker ${name}`));
  });

  it("has the global options", () => {
    expectOptions(commandsPage["Global options"] ?? "", globalOptionDefinitions);
  });

  it.each(commands)("has the options of $name as they are registered", ({ name, options = [] }) => {
    expectOptions(commandsPage[`mybroker ${name}`] ?? "", options);
  });

  it.each(commands)(
    "has a synopsis, what is read and written, exit codes and an example of $name",
    ({ name }) => {
      const section = commandsPage[`mybroker ${name}`] ?? "";
      for (const part of [`\nmybroker ${name}`, "\nReads: ", "Writes", "\nExit codes: ", "\n$ mybroker "])
        expect(section).toContain(part);
    },
  );
});

describe("docs/exit-codes.md", () => {
  it("has every exit code under its name, and no other", () => {
    const rows = [...read("docs/exit-codes.md").matchAll(/^\| (\d+) \| (\w+) \|/gm)];
    expect(Object.fromEntries(rows.map(([, code, name]) => [name, Number(code)]))).toEqual(exitCodes);
  });
});

describe("docs/troubleshooting.md", () => {
  it("has every known cause with its texts, in the order in which they are tried", () => {
    const causes = readSections("docs/troubleshooting.md")["Known causes"] ?? "";
    const rows = causes.split("\n").filter((line) => line.startsWith("| `"));
    expect(rows).toEqual(knownCauses.map(causeRow));
  });
});

describe("links", () => {
  it.each(listPages(root))("of %s resolve", (page) => {
    expect(linksOf(page).filter((link) => !resolves(page, link))).toEqual([]);
  });

  it("lead from README to every page of docs, directly or over one other", () => {
    const pages = listPages(join(root, "docs")).filter((page) => dirname(page) === "docs");
    const targets = (page: string) =>
      linksOf(page).map((link) => relative(root, resolve(root, dirname(page), link.split("#")[0] ?? "")));
    const direct = targets("README.md");
    const reached = [...direct, ...direct.filter((page) => pages.includes(page)).flatMap(targets)];
    expect(pages.filter((page) => !reached.includes(page))).toEqual([]);
  });
});
