/** A use of a variable that was met while a text was interpolated. */
export interface VariableMention {
  readonly name: string;
  readonly value: string | undefined;
  /** ${NAME?message} or ${NAME:?message}. */
  readonly required: boolean;
  /** The text after :? or ?, itself interpolated. */
  readonly message?: string;
  /** The text after :- or -, as it is written. */
  readonly defaultValue?: string;
  /** What the form asks of the value is not met: a required one is missing or, after :?, empty. */
  readonly missing: boolean;
  /** Nothing stands in for the value that it does not have: Compose warns and takes the empty text. */
  readonly unset: boolean;
}

export type Lookup = (name: string) => string | undefined;

/** The $ that begins no variable: "${" without a name, an end or a known operator. */
export class InvalidTemplate extends Error {}

/** Nesting of ${A:-${B:-…}} that is followed. */
const deepestNesting = 50;

interface Interpolation {
  readonly lookup: Lookup;
  readonly mention: (mention: VariableMention) => void;
}

/**
 * Replaces $NAME, ${NAME} and ${NAME:-default}, -, :?, ?, :+, + (also nested), and $$ by $, as Compose does: a $ before
 * anything else stays, a default is interpolated even where it is not needed, and no form spans lines.
 * Throws InvalidTemplate. A missing required variable is only mentioned, so that all of them can be reported at once.
 */
export function interpolate(template: string, lookup: Lookup, mention: Interpolation["mention"]): string {
  return template.includes("$") ? substitute(template, { lookup, mention }, 0) : template;
}

function substitute(template: string, context: Interpolation, depth: number): string {
  if (depth > deepestNesting)
    throw new InvalidTemplate(`more than ${deepestNesting} variables inside each other`);
  let result = "";
  let index = 0;
  while (index < template.length) {
    const dollar = template.indexOf("$", index);
    if (dollar < 0) break;
    result += template.slice(index, dollar);
    const next = template.charAt(dollar + 1);
    const name = /^[_a-zA-Z][_a-zA-Z0-9]*/.exec(template.slice(dollar + 1))?.[0];
    if (next === "$") {
      result += "$";
      index = dollar + 2;
    } else if (name !== undefined) {
      result += plainValue(name, context);
      index = dollar + 1 + name.length;
    } else if (next === "{") {
      const end = findClosingBrace(template, dollar);
      result += substituteBraced(template.slice(dollar + 2, end), context, depth);
      index = end + 1;
    } else {
      result += "$";
      index = dollar + 1;
    }
  }
  return result + template.slice(index);
}

/** The brace that balances the one after `dollar`; where none does, the last one of the line, as in Compose. */
function findClosingBrace(template: string, dollar: number): number {
  const newline = template.indexOf("\n", dollar);
  const line = newline < 0 ? template : template.slice(0, newline);
  let open = 0;
  for (let index = dollar; index < line.length; index++) {
    const character = line.charAt(index);
    if (character === "}" && --open === 0) return index;
    if (character === "{") {
      open++;
      index++;
    }
  }
  const last = line.lastIndexOf("}");
  if (last > dollar + 1) return last;
  throw new InvalidTemplate("${ is not closed; write $$ for a literal $");
}

function substituteBraced(body: string, context: Interpolation, depth: number): string {
  const parts = /^([_a-zA-Z][_a-zA-Z0-9]*)(?:(:?)([-?+])(.*))?$/.exec(body);
  if (parts === null) throw new InvalidTemplate("${ begins no variable here; write $$ for a literal $");
  const [, name = "", colon, operator, rest = ""] = parts;
  if (operator === undefined) return plainValue(name, context);
  const argument = substitute(rest, context, depth + 1);
  const value = context.lookup(name);
  const absent = value === undefined || (colon === ":" && value === "");
  const mention = { name, value, required: false, missing: false, unset: false };
  if (operator === "?") {
    context.mention({ ...mention, required: true, message: argument, missing: absent });
    return absent ? "" : (value ?? "");
  }
  if (operator === "-") {
    context.mention({ ...mention, defaultValue: rest });
    return absent ? argument : (value ?? "");
  }
  context.mention(mention);
  return absent ? (value ?? "") : argument;
}

function plainValue(name: string, context: Interpolation): string {
  const value = context.lookup(name);
  context.mention({ name, value, required: false, missing: false, unset: value === undefined });
  return value ?? "";
}
