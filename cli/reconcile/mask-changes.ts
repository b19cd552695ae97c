import { mask } from "../kernel/mask.js";
import type { Change } from "./compare-container.js";

/** Words in a key's name that give its value away as a secret, whoever wrote the file. */
const secretWord = /pass|secret|token|credential|private|api_?key|access_?key|_hash$|auth/i;

/** Shorter values (a port, "1") would mask half of every plan. */
const shortestSecret = 4;

/**
 * Hides the values of a change that has to do with a secret: by the name of the key, or because one side holds
 * the value of a secret variable. Then both sides are hidden, because the old value is a secret that no longer
 * stands in any file.
 */
export function createMask(
  secretNames: readonly string[],
  environment: Readonly<Record<string, string>>,
): (change: Change) => Change {
  const names = new Set(secretNames);
  const values = secretNames
    .map((name) => environment[name] ?? "")
    .filter((value) => value.length >= shortestSecret);
  const holdsSecret = (text: string | undefined) =>
    text !== undefined && values.some((value) => text.includes(value));
  return (change) => {
    const lastWord = change.key.split(".").at(-1) ?? "";
    const secret =
      names.has(lastWord) ||
      (change.key.startsWith("environment.") && secretWord.test(lastWord)) ||
      holdsSecret(change.before) ||
      holdsSecret(change.after);
    if (!secret) return change;
    return {
      key: change.key,
      ...(change.before === undefined ? {} : { before: mask }),
      ...(change.after === undefined ? {} : { after: mask }),
    };
  };
}
