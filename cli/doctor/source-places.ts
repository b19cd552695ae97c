import { loadDocuments } from "../compose/load-files.js";
import type { Place, SourceDocument, SourceNode } from "../compose/source-tree.js";

/** The compose files as they were written, the last one first: what it says wins. */
export async function readSources(files: readonly string[], cwd: string): Promise<SourceDocument[]> {
  return (await loadDocuments(files, cwd)).reverse();
}

/** "docker-compose.yml:77": where the key path, or the longest part of it that any file has, stands. */
export function findPlace(
  documents: readonly SourceDocument[],
  path: readonly (string | number)[],
): string | undefined {
  let best: { depth: number; place: Place } | undefined;
  for (const { root } of documents) {
    const found = descend(root, path);
    if (found.depth > (best?.depth ?? 0)) best = found;
  }
  return best === undefined ? undefined : `${best.place.shownFile}:${best.place.line}`;
}

function descend(root: SourceNode, path: readonly (string | number)[]): { depth: number; place: Place } {
  let [node, depth] = [root, 0];
  for (const key of path) {
    const next =
      node.kind === "mapping"
        ? node.entries.get(String(key))
        : node.kind === "list"
          ? node.items[Number(key)]
          : undefined;
    if (next === undefined) break;
    [node, depth] = [next, depth + 1];
  }
  return { depth, place: node.place };
}
