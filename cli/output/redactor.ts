import { mask } from "../kernel/mask.js";
import { encodedForms, hasDigits, writtenForms } from "./forms-of-secret.js";

/** Shorter values would blot out ordinary words. */
const shortestSecret = 6;

/** Replaces registered secrets in everything that is written, however they are spelled there. */
export class Redactor {
  readonly #secrets = new Set<string>();
  #written: RegExp | undefined;
  #encoded: RegExp | undefined;
  #shortestEncoded = Number.POSITIVE_INFINITY;

  add(secret: string): void {
    if (secret.length < shortestSecret || this.#secrets.has(secret)) return;
    this.#secrets.add(secret);
    const secrets = [...this.#secrets];
    const encoded = secrets.flatMap(encodedForms);
    this.#written = matchAny(secrets.flatMap(writtenForms));
    this.#encoded = matchAny(encoded);
    this.#shortestEncoded = Math.min(...encoded.map(({ length }) => length));
  }

  apply(text: string): string {
    if (this.#written === undefined || this.#encoded === undefined) return text;
    const redacted = text.replace(this.#written, mask);
    // A pattern of so many forms costs more than all else that is done to a message.
    return hasDigits(redacted, this.#shortestEncoded) ? redacted.replace(this.#encoded, mask) : redacted;
  }

  /** A copy of JSON-like data in which every text is redacted: once rendered, escapes would hide a secret from us. */
  applyDeep<Value>(value: Value): Value {
    if (value === undefined) return value;
    if (typeof value === "string") return this.apply(value) as Value & string;
    const redact = (_: string, child: unknown) => (typeof child === "string" ? this.apply(child) : child);
    return JSON.parse(JSON.stringify(value, redact)) as Value;
  }
}

/** Longest first, so that a secret that contains another one goes as a whole. */
function matchAny(texts: readonly string[]): RegExp {
  const alternatives = [...texts].sort((a, b) => b.length - a.length).map(escapeForRegExp);
  return new RegExp(alternatives.join("|"), "g");
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
