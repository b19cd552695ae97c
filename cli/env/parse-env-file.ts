import { InvalidTemplate, interpolate, type Lookup } from "../compose/interpolate.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";

export interface EnvFileSource {
  /** How messages name the file. */
  readonly file: string;
  /** The process environment: it wins over values of this file when it refers to variables. */
  readonly lookup?: Lookup;
  /** What earlier files said: this file may refer to it, and the result goes on from it. */
  readonly earlier?: ReadonlyMap<string, string>;
  /** Told of variables that the file refers to and that have no value. */
  readonly warn?: (text: string) => void;
}

/**
 * Reads the text of an .env file exactly as Compose does (compose-go's dotenv reader): NAME=value or NAME: value,
 * `export`, comments, values in single quotes (taken as they are) or double quotes (escapes and variables), values
 * without quotes (variables, up to " #"), values over several lines in quotes. NAME alone takes the value that the
 * lookup knows, if any. The last of several lines for one name wins.
 *
 * Throws MybrokerError (env.malformed, exit 2) with file and line. No message shows a value: it can be a secret.
 */
export function parseEnvFile(text: string, source: EnvFileSource): Map<string, string> {
  return new EnvReader(text.startsWith("\uFEFF") ? text.slice(1) : text, source).read();
}

/** A value as it can stand after NAME= so that parseEnvFile reads it back unchanged. */
export function quoteEnvValue(value: string): string {
  if (/^[A-Za-z0-9_./:@%+,=-]*$/.test(value)) return value;
  if (!/['\\]/.test(value)) return `'${value}'`;
  return `"${value.replace(/["\\]/g, "\\$&").replaceAll("$", "$$$$")}"`;
}

/** White space that does not end a line, as compose-go counts it. */
const inlineSpace = "[\\t\\v\\f\\r \\u0085\\u00a0]";
const leadingInlineSpace = new RegExp(`^${inlineSpace}+`);
const anySpace = "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const leadingSpace = new RegExp(`^${anySpace}+`);
const trailingSpace = new RegExp(`${anySpace}+$`);
const nameCharacter = new RegExp(`^(?:[\\p{L}\\p{N}_.\\-[\\]]|${inlineSpace})$`, "u");

class EnvReader {
  private readonly values: Map<string, string>;
  private position = 0;

  constructor(
    private readonly text: string,
    private readonly source: EnvFileSource,
  ) {
    this.values = new Map(source.earlier);
  }

  read(): Map<string, string> {
    while (this.skipToStatement()) this.readStatement();
    return this.values;
  }

  /** Skips white space and comments; false at the end. */
  private skipToStatement(): boolean {
    for (;;) {
      this.skip(leadingSpace);
      if (this.position >= this.text.length) return false;
      if (this.text.charAt(this.position) !== "#") return true;
      const end = this.text.indexOf("\n", this.position);
      if (end < 0) return false;
      this.position = end;
    }
  }

  private skip(pattern: RegExp): void {
    // Spaces are short; a window keeps a file of many lines from being copied for each of them.
    let match: RegExpExecArray | null;
    do {
      match = pattern.exec(this.text.slice(this.position, this.position + 200));
      this.position += match?.[0].length ?? 0;
    } while (match !== null);
  }

  private readStatement(): void {
    if (/^export[\t\n\f\r ]/.test(this.text.slice(this.position, this.position + 7))) {
      this.position += "export".length;
      this.skip(leadingInlineSpace);
    }
    const start = this.position;
    const { name, inherited } = this.readName();
    if (name.includes(" ")) {
      this.position = start;
      throw this.malformed("a name cannot contain a space");
    }
    this.skip(leadingInlineSpace);
    if (inherited) {
      const value = this.source.lookup?.(name);
      if (value !== undefined) this.values.set(name, value);
      return;
    }
    this.values.set(name, this.readValue());
  }

  /** Up to = or :, or to the end of the line for a name alone. */
  private readName(): { name: string; inherited: boolean } {
    const start = this.position;
    let at = start;
    for (const character of this.text.slice(start, endOfLine(this.text, start) + 1)) {
      if (character === "=" || character === ":" || character === "\n") {
        this.position = at + 1;
        return { name: this.text.slice(start, at).replace(trailingSpace, ""), inherited: character === "\n" };
      }
      if (!nameCharacter.test(character)) {
        this.position = at;
        throw this.malformed(`unexpected character ${JSON.stringify(character)} in variable name`);
      }
      at += character.length;
    }
    // A name alone on a last line without a line end: Compose takes it for the value of a variable without a name.
    return { name: "", inherited: false };
  }

  private readValue(): string {
    const quote = this.text.charAt(this.position);
    if (quote === "'" || quote === '"') return this.readQuoted(quote);
    const end = endOfLine(this.text, this.position);
    const line = this.text.slice(this.position, end);
    const start = this.position;
    this.position = end + 1;
    const [value = ""] = line.split(" #", 1);
    return this.expand(value.replace(trailingSpace, ""), start);
  }

  private readQuoted(quote: string): string {
    const start = this.position;
    let value = "";
    for (let index = start + 1; index < this.text.length; index++) {
      const character = this.text.charAt(index);
      if (character === quote) {
        this.position = index + 1;
        return quote === '"' ? this.expand(expandEscapes(value), start) : value;
      }
      const next = this.text.charAt(index + 1);
      if (character === "\\" && index + 1 < this.text.length) {
        value += next === quote ? next : character + next;
        index++;
      } else value += character;
    }
    throw this.malformed(`the quote ${quote} does not close`);
  }

  private expand(value: string, start: number): string {
    const lookup: Lookup = (name) => this.source.lookup?.(name) ?? this.values.get(name);
    const missing: string[] = [];
    try {
      const expanded = interpolate(value, lookup, (mention) => {
        if (mention.missing)
          missing.push(`${mention.name} has no value${mention.message ? `: ${mention.message}` : ""}`);
        if (mention.unset)
          this.source.warn?.(`The variable ${mention.name} is not set, it is taken as empty`);
      });
      if (missing[0] === undefined) return expanded;
    } catch (error) {
      if (!(error instanceof InvalidTemplate)) throw error;
      missing.push(error.message);
    }
    this.position = start;
    throw this.malformed(missing[0] ?? "");
  }

  private malformed(what: string): MybrokerError {
    const line = this.text.slice(0, this.position).split("\n").length;
    return new MybrokerError({
      code: "env.malformed",
      message: `${this.source.file}:${line}: ${what}`,
      hint: "A line is NAME=value; put a value with spaces, quotes, # or $ in single quotes.",
      exitCode: exitCodes.usage,
      details: { file: this.source.file, line },
    });
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  '"': '"',
  "\\": "\\",
  $: "$$",
};

/** Escapes of double quotes; an octal one has three digits after \0. What is no escape stays, with its backslash. */
function expandEscapes(value: string): string {
  return value.replace(/\\([abcfnrtv$"\\]|0\d{0,3})/g, (whole, sequence: string) => {
    if (!sequence.startsWith("0")) return escapes[sequence] ?? whole;
    const octal = sequence.slice(1);
    const code = /^[0-3][0-7]{2}$/.test(octal) ? Number.parseInt(octal, 8) : undefined;
    return code === undefined ? `\\${octal}` : String.fromCodePoint(code);
  });
}
