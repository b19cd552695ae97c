import type { SqlPart } from "../../cli/seed/world/parts.js";
import { tablesOf } from "../../cli/seed/world/tables.js";
import { formatDecimal, type Money } from "../../kit/money.js";
import { openBulk } from "../../kit/sql/bulk/bulk.js";
import { formatTimestamp, parseTimestamp, type Timestamp } from "../../kit/sql/columns.js";
import type { DatabaseSettings } from "../../kit/sql/database.js";

/** Rows of all tables of a part in the order of their keys, as text that is the same on every server. */
export async function readTables(
  part: SqlPart,
  settings: DatabaseSettings,
): Promise<Record<string, string[]>> {
  const session = await openBulk(settings);
  const tables: Record<string, string[]> = {};
  try {
    for (const { name, columns, key } of tablesOf[part]) {
      // One hash for all its users, which is another one each time.
      const told = columns.filter((column) => column.name !== "password_hash");
      const names = told.map((column) => column.name).join(", ");
      const rows = await session.query<Record<string, string | number | null>>(
        `select ${names} from ${name} order by ${key.join(", ")}`,
      );
      tables[name] = rows
        .map((row) => told.map((column) => normalize(column.kind, row[column.name] ?? null)).join(" "))
        .sort();
    }
    return tables;
  } finally {
    await session.rollback();
    await session.close();
  }
}

function normalize(kind: string, value: string | number | null): string {
  if (value === null) return "-";
  if (kind === "money") return typeof value === "number" ? formatDecimal(value as Money) : value;
  if (kind !== "timestamp") return String(value);
  return formatTimestamp(typeof value === "number" ? (value as Timestamp) : parseTimestamp(value));
}
