/**
 * What a value's keys are: a Go struct with its order of declaration, a Go map (sorted by bytes), or a list of either.
 */
export type KeyOrder =
  | { readonly kind: "struct"; readonly fields: readonly (readonly [key: string, order: KeyOrder])[] }
  | { readonly kind: "map"; readonly values: KeyOrder }
  | { readonly kind: "list"; readonly items: KeyOrder }
  | { readonly kind: "value" };

const value: KeyOrder = { kind: "value" };
export const map = (values: KeyOrder = value): KeyOrder => ({ kind: "map", values });
export const list = (items: KeyOrder): KeyOrder => ({ kind: "list", items });

/** Fields as "a b c" in order; those with a structure of their own are named in `nested`. */
export function struct(names: string, nested: Readonly<Record<string, KeyOrder>> = {}): KeyOrder {
  return { kind: "struct", fields: names.split(" ").map((name) => [name, nested[name] ?? value] as const) };
}

/**
 * JSON as Go's json.Marshal writes it. A string is built by hand because a JavaScript object moves keys such as "10"
 * to its front. Keys that a struct does not have are left out.
 */
export function formatGoJson(data: unknown, order: KeyOrder): string {
  if (data === null || data === undefined) return "null";
  if (typeof data === "string") return formatText(data);
  if (typeof data === "number") return formatNumber(data);
  if (typeof data !== "object") return String(data);
  if (Array.isArray(data)) {
    const items = order.kind === "list" ? order.items : value;
    return `[${data.map((item) => formatGoJson(item, items)).join(",")}]`;
  }
  const record = data as Record<string, unknown>;
  const keys: (readonly [string, KeyOrder])[] =
    order.kind === "struct"
      ? order.fields.filter(([key]) => Object.hasOwn(record, key))
      : Object.keys(record)
          .sort(compareBytes)
          .map((key) => [key, order.kind === "map" ? order.values : value] as const);
  return `{${keys.map(([key, inner]) => `${formatText(key)}:${formatGoJson(record[key], inner)}`).join(",")}}`;
}

/** Go sorts by UTF-8 bytes; JavaScript by UTF-16 units, which differs above U+FFFF. */
function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function formatText(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function formatNumber(number: number): string {
  // JavaScript begins to write exponents at the same sizes as Go.
  const size = Math.abs(number);
  const hasExponent = size !== 0 && (size < 1e-6 || size >= 1e21);
  return hasExponent || !Number.isInteger(number) ? String(number) : BigInt(number).toString();
}
