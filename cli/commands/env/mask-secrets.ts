import { mask } from "../../kernel/mask.js";
import type { Variables } from "./service-variables.js";

/** The variables with every secret value replaced, also inside a longer value and as a URL spells it. */
export function maskSecrets(variables: Variables, secrets: readonly string[]): Record<string, string> {
  const spellings = secrets
    .filter((secret) => secret !== "")
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .sort((left, right) => right.length - left.length);
  const hide = (value: string) =>
    spellings.reduce((text, spelling) => text.replaceAll(spelling, mask), value);
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, hide(value)]));
}
