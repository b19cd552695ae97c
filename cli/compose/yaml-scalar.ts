import type { ScalarNode, ScalarValue } from "./source-tree.js";

const words: ReadonlyMap<string, ScalarValue> = new Map<string, ScalarValue>([
  ...["true", "True", "TRUE"].map((word) => [word, true] as const),
  ...["false", "False", "FALSE"].map((word) => [word, false] as const),
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
]);

const digits: Readonly<Record<number, RegExp>> = {
  2: /^[01]+$/,
  8: /^[0-7]+$/,
  10: /^[0-9]+$/,
  16: /^[0-9a-fA-F]+$/,
};

const datePattern = /^\d{4}-\d{1,2}-\d{1,2}([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d{2}:\d{2})?)?$/;

/**
 * The value of an unquoted scalar by the rules of go-yaml v3, which Compose reads with. They differ from YAML 1.2
 * in that 0444 is octal, underscores may stand in numbers, and from 1.1 in that yes, no and 12:30 are strings.
 * A date is marked: Compose refuses it wherever a text is wanted.
 */
export function resolvePlainScalar(source: string): Pick<ScalarNode, "value" | "isFloat" | "isDate"> {
  const word = words.get(source);
  if (word !== undefined) return { value: word };
  if (!/^[-+.0-9]/.test(source)) return { value: source };
  if (datePattern.test(source)) return { value: source, isDate: true };
  const plain = source.startsWith(".") ? source : source.replaceAll("_", "");
  const whole = parseWholeNumber(plain);
  if (whole !== undefined) return { value: whole };
  const isFloat = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(plain);
  return isFloat ? { value: Number(plain), isFloat } : { value: source };
}

function parseWholeNumber(plain: string): number | undefined {
  const sign = /^[-+]/.test(plain) ? plain.slice(0, 1) : "";
  const body = plain.slice(sign.length);
  const prefixed = /^0([xXoObB])(.+)$/.exec(body);
  let base = 10;
  let figures = body;
  if (prefixed !== null) {
    base = { x: 16, o: 8, b: 2 }[(prefixed[1] ?? "").toLowerCase() as "x" | "o" | "b"];
    figures = prefixed[2] ?? "";
  } else if (/^0[0-9]/.test(body)) {
    base = 8;
    figures = body.slice(1);
  }
  if (!digits[base]?.test(figures)) return undefined;
  const value = Number.parseInt(figures, base);
  return sign === "-" ? -value : value;
}

/**
 * A scalar as Go prints it with %v, which is how Compose turns numbers and booleans into texts: a float of a million
 * or more, or below 1e-4, gets an exponent of two digits at least.
 */
export function formatScalar(node: ScalarNode): string {
  const { value } = node;
  if (typeof value !== "number") return String(value);
  if (node.isFloat !== true) return BigInt(value).toString();
  const [mantissa = "", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (value === 0 || (exponent >= -4 && exponent < 6)) return String(value);
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${Math.abs(exponent).toString().padStart(2, "0")}`;
}
