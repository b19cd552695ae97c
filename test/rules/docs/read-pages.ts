import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../../..");

/** A page, by its path from the root of the clone. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

export function readPage(path: string): Page {
  return { path, text: readFileSync(join(root, path), "utf8") };
}

/** Every Markdown file below a folder, from the root of the clone, without what is installed or built. */
export function listPages(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return [".git", "dist", "node_modules"].includes(entry.name) ? [] : listPages(path);
    return entry.name.endsWith(".md") ? [relative(root, path)] : [];
  });
}

/** The text below each second-level heading. */
export function readSections(text: string): Readonly<Record<string, string>> {
  const [, ...parts] = text.split(/^## /m);
  return Object.fromEntries(
    parts.map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n"))]),
  );
}

/** Relative links of a page; code is no link. */
export function linksOf({ text }: Page): string[] {
  const prose = text.replace(/^```.*?^```/gms, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)|<(?:img|source|a)[^>]* (?:src|srcset|href)="([^"]+)"/g)]
    .map(([, link, attribute]) => link ?? attribute ?? "")
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub makes of headings, a number after those that come again, and those that the page names itself. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  const headings = [...text.replace(/^```.*?^```/gms, "").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
  return [...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = ""]) => id)];
}

/** Whether the file of a link exists and has its anchor. */
export function resolves({ path: page, text }: Page, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  if (path === "") return anchorsOf(text).includes(anchor ?? "");
  const target = resolve(root, dirname(page), path);
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(readFileSync(target, "utf8")).includes(anchor);
}
