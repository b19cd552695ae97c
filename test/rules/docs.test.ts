import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/registry.js";
import { knownCauses } from "../../cli/errors/known-causes.js";
import { exitCodes } from "../../cli/errors/mybroker-error.js";
import type { OptionDefinition } from "../../cli/kernel/command.js";
import { globalOptionDefinitions } from "../../cli/kernel/global-options.js";

const root = resolve(import.meta.dirname, "../..");

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The sections of a page by their heading of level two. */
function sections(text: string): Map<string, string> {
  const [, ...parts] = text.split(/^## /m);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf("\n")), part]));
}

/** The first cells of a section's tables, where they are code. */
function firstCells(section: string): string[] {
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell = ""]) => cell);
}

/** Flags of which the section's tables say nothing, and flags that no longer exist. */
function drift(section: string, options: readonly OptionDefinition[] = []): string[] {
  const listed = firstCells(section).filter((cell) => cell.startsWith("-"));
  const registered = options.map(({ flags }) => flags);
  const shown = options.filter(({ hidden }) => hidden !== true).map(({ flags }) => flags);
  return [
    ...shown.filter((flags) => !listed.includes(flags)).map((flags) => `missing: ${flags}`),
    ...listed.filter((flags) => !registered.includes(flags)).map((flags) => `unknown: ${flags}`),
  ];
}

describe("docs/commands.md", () => {
  const page = sections(read("docs/commands.md"));

  it("has a section for each command, in the order of --help", () => {
    const named = [...page.keys()].filter((heading) => heading.startsWith("mybroker "));
    expect(named).toEqual(commands.map(({ name }) => `mybroker ${name}`));
  });

  it("lists the global options as they are registered", () => {
    expect(drift(page.get("Global options") ?? "", globalOptionDefinitions)).toEqual([]);
  });

  it.each(commands.map((command) => [command.name, command] as const))(
    "describes %s: its flags, what it reads and writes, exit codes, an example",
    (name, command) => {
      const section = page.get(`mybroker ${name}`) ?? "";
      expect(drift(section, command.options)).toEqual([]);
      for (const choice of (command.options ?? []).flatMap(({ choices }) => choices ?? [])) {
        expect(section).toContain(`\`${choice}\``);
      }
      expect(section).toMatch(/\bRead/);
      expect(section).toMatch(/Exit codes?: /);
      expect(section).toMatch(new RegExp(`^\\$ mybroker (.* )?${name}\\b`, "m"));
    },
  );
});

describe("docs/troubleshooting.md", () => {
  it("says of every known cause what to do, and of no other", () => {
    const ids = firstCells(sections(read("docs/troubleshooting.md")).get("Known causes") ?? "");
    expect(ids.sort()).toEqual(knownCauses.map(({ id }) => id).sort());
  });
});

describe("docs/exit-codes.md", () => {
  it("lists every exit code", () => {
    const codes = [...read("docs/exit-codes.md").matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(codes).toEqual(Object.values(exitCodes));
  });
});

describe("pages", () => {
  const ignored = new Set(["node_modules", ".git", "dist"]);

  function findPages(folder: string): string[] {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      if (ignored.has(entry.name)) return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return findPages(path);
      return entry.name.endsWith(".md") ? [relative(root, path)] : [];
    });
  }

  /** As GitHub makes them of headings. */
  function anchorsOf(path: string): string[] {
    const headings = read(path).matchAll(/^#+ (.+)$/gm);
    return [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );
  }

  it.each(findPages(root))("%s links to what exists", (page) => {
    const prose = read(page).replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, "");
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    const broken = targets
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path = "", anchor] = target.split("#");
        const file = path === "" ? page : relative(root, resolve(root, dirname(page), path));
        if (!existsSync(join(root, file))) return true;
        return anchor !== undefined && !anchorsOf(file).includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  it("README leads to every page of docs", () => {
    const readme = read("README.md");
    const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
    const reachable = (name: string) =>
      readme.includes(`(docs/${name})`) || pages.some((page) => read(`docs/${page}`).includes(`(${name})`));
    expect(pages.filter((name) => !reachable(name))).toEqual([]);
  });
});
