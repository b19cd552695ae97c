import type { Change } from "./compare-container.js";

/** "environment.A changed", "ports.80/tcp and user changed", "command, user and 3 more changed" */
export function describeCause(changes: readonly Change[]): string {
  const keys = changes.map((change) => change.key);
  const shown = keys.length > 3 ? [...keys.slice(0, 2), `${keys.length - 2} more`] : keys;
  return `${joinWords(shown)} changed`;
}

/** "a", "a and b", "a, b and c" */
export function joinWords(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}
