/** What stands in the place of a secret. */
export const mask = "••••";

/** Shorter values would blot out ordinary words. */
const shortestSecret = 6;

/** Replaces registered secrets in everything that is written. */
export class Redactor {
  readonly #secrets = new Set<string>();
  #pattern: RegExp | undefined;

  add(secret: string): void {
    if (secret.length < shortestSecret || this.#secrets.has(secret)) return;
    this.#secrets.add(secret);
    // As it stands inside a JSON document.
    this.#secrets.add(JSON.stringify(secret).slice(1, -1));
    // Longest first, so that a secret that contains another one goes as a whole.
    const alternatives = [...this.#secrets].sort((a, b) => b.length - a.length).map(escapeForRegExp);
    this.#pattern = new RegExp(alternatives.join("|"), "g");
  }

  apply(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, mask);
  }
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
