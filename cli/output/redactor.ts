import { mask } from "../kernel/mask.js";

/** Shorter values would blot out ordinary words. */
const shortestSecret = 6;

/** Replaces registered secrets in everything that is written. */
export class Redactor {
  readonly #secrets = new Set<string>();
  #pattern: RegExp | undefined;

  add(secret: string): void {
    if (secret.length < shortestSecret || this.#secrets.has(secret)) return;
    this.#secrets.add(secret);
    // As it stands in a text that quotes it, such as an engine's answer about a JSON file.
    this.#secrets.add(JSON.stringify(secret).slice(1, -1));
    // Longest first, so that a secret that contains another one goes as a whole.
    const alternatives = [...this.#secrets].sort((a, b) => b.length - a.length).map(escapeForRegExp);
    this.#pattern = new RegExp(alternatives.join("|"), "g");
  }

  apply(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, mask);
  }

  /** A copy of JSON-like data in which every text is redacted: once rendered, escapes would hide a secret from us. */
  applyDeep<Value>(value: Value): Value {
    if (value === undefined) return value;
    if (typeof value === "string") return this.apply(value) as Value & string;
    const redact = (_: string, child: unknown) => (typeof child === "string" ? this.apply(child) : child);
    return JSON.parse(JSON.stringify(value, redact)) as Value;
  }
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
