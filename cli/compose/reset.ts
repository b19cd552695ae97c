import type { JsonObject } from "./shape.js";

/** Takes what earlier files said at a key path tagged !reset or !override out of the merged file. */
export function deletePath(file: JsonObject, path: readonly string[]): void {
  let parent: unknown = file;
  for (const key of path.slice(0, -1)) {
    if (typeof parent !== "object" || parent === null || Array.isArray(parent)) return;
    parent = (parent as JsonObject)[key];
  }
  const last = path.at(-1);
  // Compose does not take single items out of a list either.
  if (last === undefined || typeof parent !== "object" || parent === null || Array.isArray(parent)) return;
  delete (parent as JsonObject)[last];
}
