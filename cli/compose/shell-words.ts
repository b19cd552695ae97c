export interface ShellWords {
  readonly words: readonly string[];
  /** The rest from an unquoted ; & | < or > on, which Compose ignores; empty as a rule. */
  readonly ignored: string;
}

/**
 * Splits a command given as one text as Compose does (no shell runs: variables, globs and substitutions stay as
 * they are). Undefined where quotes or parentheses do not close.
 */
export function splitShellWords(line: string): ShellWords | undefined {
  const words: string[] = [];
  let word = "";
  let started = false;
  let escaped = false;
  /** The open quote: ' or " or `, or ( for a $(…). */
  let quote = "";
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index);
    if (escaped) {
      word += character;
      escaped = false;
      started = true;
    } else if (character === "\\" && quote !== "'") {
      escaped = true;
    } else if (/[ \t\r\n]/.test(character) && quote === "") {
      if (started) words.push(word);
      word = "";
      started = false;
    } else if (/[;&|<>]/.test(character) && quote === "") {
      if (started && !(character === ">" && /^\d/.test(word))) words.push(word);
      return { words, ignored: line.slice(index) };
    } else if ((character === '"' || character === "'") && (quote === "" || quote === character)) {
      quote = quote === "" ? character : "";
      started = true;
    } else {
      if (character === "(" && (quote === "" || quote === "(")) {
        if (quote !== "" || !word.endsWith("$")) return undefined;
        quote = "(";
        // Compose's splitter takes a lone ) for an opening one, too.
      } else if (character === ")" && (quote === "" || quote === "(")) quote = quote === "" ? "(" : "";
      else if (character === "`" && (quote === "" || quote === "`")) quote = quote === "" ? "`" : "";
      word += character;
      started = true;
    }
  }
  if (escaped || quote !== "") return undefined;
  if (started) words.push(word);
  return { words, ignored: "" };
}
