import { printable } from "./printable.js";

/** A piece of a line and how it is coloured. "whole": half of it would say something else, as half a number does. */
export type Cell = readonly [text: string, paint?: ((text: string) => string) | undefined, cutting?: "whole"];

/** One line of at most so many columns, safe for a terminal; what is cut ends with "…". */
export function layOut(cells: readonly Cell[], columns: number): string {
  let left = columns;
  let line = "";
  const last = cells.findLastIndex(([text]) => text.trim() !== "");
  for (const [index, [text, paint, cutting]] of cells.slice(0, last + 1).entries()) {
    const safe = printable(index === last ? text.trimEnd() : text);
    const isWhole = cutting === "whole";
    const isShort = safe.length > left || (safe.length === left && index < last && !isWhole);
    const shown = isShort ? cut(isWhole ? " " : safe, left) : safe;
    line += paint === undefined ? shown : paint(shown);
    left -= shown.length;
    if (isShort || left <= 0) break;
  }
  return line;
}

/** To that length, or shorter where the text is. */
function cut(text: string, length: number): string {
  const kept = text.slice(0, Math.max(0, length - 1));
  // Not the first half of a character.
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}
