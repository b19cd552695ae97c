import type { SqlPart } from "../world/parts.js";

/**
 * Rows that are read in the order of their key, whose first column is what stores are joined by. A column is said as an
 * expression, or "" for the column of its own name; "$" before it: money, as a count of 1/10000 BRL; "@": a point in
 * time, in ms; "#": a whole number of any size (a sum, a count).
 */
export interface SqlSource<Row> {
  readonly part: SqlPart;
  readonly columns: { readonly [Name in keyof Row]: string };
  readonly from: string;
  readonly filter?: string;
  /** Together with the key: grouped by it. */
  readonly grouped?: true;
  readonly key: readonly string[];
}

export type SqlKind = "sqlite" | "mysql" | "postgres";

type Wrap = (expression: string) => string;
const plain: Wrap = (expression) => expression;
const asNumber: Readonly<Record<SqlKind, Wrap>> = {
  sqlite: plain,
  mysql: (expression) => `cast(${expression} as signed)`,
  postgres: (expression) => `cast(${expression} as bigint)`,
};

/** How each engine gives a column as a plain number. */
const wraps: Readonly<Record<string, Readonly<Record<SqlKind, Wrap>>>> = {
  "#": asNumber,
  $: {
    sqlite: plain,
    mysql: (expression) => asNumber.mysql(`${expression} * 10000`),
    postgres: (expression) => asNumber.postgres(`${expression} * 10000`),
  },
  "@": {
    sqlite: (expression) => `${expression} / 1000`,
    mysql: (expression) => `timestampdiff(microsecond, '1970-01-01', ${expression}) div 1000`,
    postgres: (expression) => asNumber.postgres(`floor(extract(epoch from ${expression}) * 1000)`),
  },
};

/** "o.order_id" -> "order_id": the name that a column has in a row. */
function lastWord(expression: string): string {
  return /\w+$/.exec(expression)?.[0] ?? expression;
}

function renderColumn(name: string, column: string, kind: SqlKind): string {
  const wrap = wraps[column.charAt(0)]?.[kind];
  const expression = column.slice(wrap === undefined ? 0 : 1) || name;
  return `${(wrap ?? plain)(expression)} as ${name}`;
}

/** @param conditions beside the source's own filter */
export function renderSelect<Row>(
  source: SqlSource<Row>,
  kind: SqlKind,
  conditions: readonly string[] = [],
): string {
  const { columns, from, filter, grouped, key } = source;
  const where = [...(filter === undefined ? [] : [filter]), ...conditions];
  // By bytes, as the others sort; the text columns of MySQL's and SQLite's tables do so by themselves.
  const order = kind === "postgres" ? [`${key[0]} collate "C"`, ...key.slice(1)] : key;
  return [
    `select ${Object.entries<string>(columns)
      .map(([name, column]) => renderColumn(name, column, kind))
      .join(", ")} from ${from}`,
    ...(where.length === 0 ? [] : [`where ${where.map((condition) => `(${condition})`).join(" and ")}`]),
    ...(grouped ? [`group by ${key.join(", ")}`] : []),
    `order by ${order.join(", ")}`,
  ].join(" ");
}

/**
 * "After this key" in a form that all engines answer from the index: the first column alone gives the range.
 * @returns the condition and the values for its marks
 */
export function renderAfter(
  key: readonly string[],
  last: Readonly<Record<string, string | number | null>>,
): { readonly condition: string; readonly values: (string | number | null)[] } {
  const [first = "", ...rest] = key;
  const value = last[lastWord(first)] ?? null;
  if (rest.length === 0) return { condition: `${first} > ?`, values: [value] };
  const after = renderAfter(rest, last);
  return {
    condition: `${first} >= ? and (${first} > ? or (${after.condition}))`,
    values: [value, value, ...after.values],
  };
}
