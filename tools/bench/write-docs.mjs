import { readFileSync, writeFileSync } from "node:fs";

/** The part of a page between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`, replaced. */
export function replaceSection(page, name, text) {
  const begin = `<!-- bench:${name} -->`;
  const end = `<!-- /bench:${name} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`the page has no ${begin} ... ${end}`);
  return `${page.slice(0, from + begin.length)}\n${text.trim()}\n${page.slice(to)}`;
}

/** @param {Map<string, string>} sections Markdown by the bench's name; the others stay as they are */
export function writeSections(file, sections) {
  let page = readFileSync(file, "utf8");
  for (const [name, text] of sections) page = replaceSection(page, name, text);
  writeFileSync(file, page);
}
