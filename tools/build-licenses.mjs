// The bundle holds other people's packages; their licences ask that their texts go along with copies.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes name, version and licence text of every package that is in the bundles.
 * @param {string} path
 * @param {import("esbuild").Metafile[]} metafiles
 */
export function writeLicenses(path, metafiles) {
  const inputs = metafiles.flatMap((metafile) => Object.keys(metafile.inputs));
  const folders = new Set(
    inputs.flatMap((input) => /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0] ?? []),
  );
  const entries = [...folders].map(describePackage).sort((a, b) => (a.title < b.title ? -1 : 1));
  const known = new Map(entries.map((entry) => [entry.title, entry.text]));
  const rule = "-".repeat(80);
  writeFileSync(
    path,
    [...known].map(([title, text]) => `${rule}\n${title}\n${rule}\n${text.trim()}\n`).join("\n"),
  );
}

function describePackage(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((file) => /^(licen[sc]e|copying|notice)\b/i.test(file));
  const text = files.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
  return {
    title: `${name} ${version} (${license})`,
    text: text || `Its package holds no licence text; it is ${license}.`,
  };
}
