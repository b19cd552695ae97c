/**
 * What a terminal would act on, and what makes text look other than it is: control characters (C0, DEL, C1), marks that
 * turn the direction of writing, characters without width, halves of a surrogate pair, what Unicode keeps for nobody.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** Nearly all text is ASCII, and this test is cheap. */
const anyUnusual = /[^ -~]/;

const shortNames: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The text with each such character spelled out, as \n, \x1b or \u202e: it stays one line and moves nothing. */
export function printable(text: string): string {
  return anyUnusual.test(text) ? text.replace(unprintable, spell) : text;
}

function spell(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (shortNames[character] !== undefined) return shortNames[character];
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}
