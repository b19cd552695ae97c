import type { SqlPart } from "../parts.js";
import type { World } from "../world.js";

export type Row = Readonly<Record<string, string | number | null>>;

/** A table of a world as objects. */
export function readRows(world: World, part: SqlPart, name: string): Row[] {
  return [...world.rowsOf(part, name)].flatMap(({ table, rows }) =>
    rows.map((row) =>
      Object.fromEntries(table.columns.map((column, index) => [column.name, row[index] ?? null])),
    ),
  );
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => unknown): Map<unknown, T[]> {
  const groups = new Map<unknown, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
