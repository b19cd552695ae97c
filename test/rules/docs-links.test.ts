import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { linksOf, listPages, type Page, readPage, resolves, root } from "./docs/read-pages.js";

function brokenLinks(page: Page): string[] {
  return linksOf(page).filter((link) => !resolves(page, link));
}

describe("links", () => {
  it.each(listPages())("of %s resolve", (path) => {
    expect(brokenLinks(readPage(path)).join("\n")).toBe("");
  });

  it("are missed where a file, a heading or an anchor is not there", () => {
    const text = `# A page\n[a](#a-page) [b](#another) [c](docs/none.md) [d](docs/env.md#none) [e](docs/env.md)
      [f](docs/commands/doctor.md#kafka.lag) [g](docs/commands/doctor.md#kafka.none) \`[h](none.md)\` [i](https://example.com)
      <img src="docs/none.svg">`;
    expect(brokenLinks({ path: "page.md", text })).toEqual([
      "#another",
      "docs/none.md",
      "docs/env.md#none",
      "docs/commands/doctor.md#kafka.none",
      "docs/none.svg",
    ]);
  });

  it("lead from README to every page of docs, directly or over one other", () => {
    const pages = listPages(join(root, "docs")).filter((page) =>
      ["docs", "docs/commands"].includes(dirname(page)),
    );
    const targets = (path: string) =>
      linksOf(readPage(path)).map((link) =>
        relative(root, resolve(root, dirname(path), link.split("#")[0] ?? "")),
      );
    const direct = targets("README.md");
    const reached = [...direct, ...direct.filter((page) => pages.includes(page)).flatMap(targets)];
    expect(pages.filter((page) => !reached.includes(page))).toEqual([]);
  });
});
