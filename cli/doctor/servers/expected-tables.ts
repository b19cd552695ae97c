import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DoctorFacts } from "../check.js";
import type { SqlClient } from "./sql-engines.js";

/** Of kit/sql/migrate.ts. */
export const migrationsTable = "schema_migrations";

interface Question {
  readonly facts: DoctorFacts;
  readonly target: { readonly extension: { readonly owner?: string | undefined; readonly kind: string } };
  /** That there are. */
  readonly tables: readonly string[];
  readonly client: SqlClient;
}

/**
 * Tables that the owner's migrations made, of those migrations that the database says it has. None before the owner
 * was there for the first time, and none where the owner is not of ours or a program is in its place.
 */
export async function findExpectedTables({
  facts,
  target,
  tables,
  client,
}: Question): Promise<readonly string[]> {
  const { owner, kind } = target.extension;
  if (owner === undefined || (await facts.replaced()).has(owner)) return [];
  const statements = await readStatements(facts, { owner, kind });
  const made = [...statements.values()].flat();
  if (!tables.includes(migrationsTable)) {
    const known = listMade(made);
    return known.some((table) => tables.includes(table)) ? [migrationsTable] : [];
  }
  const rows = await client.query(`select name from ${migrationsTable}`);
  return listMade(rows.flatMap(({ name }) => statements.get(String(name)) ?? []));
}

/** Statements by the name of their migration; empty for an owner that is not of ours. */
export async function readStatements(
  { request }: Pick<DoctorFacts, "request">,
  { owner, kind }: { readonly owner: string; readonly kind: string },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { packageRoot } = request.context;
  const folder = [
    join(packageRoot, "dist", "services", "migrations", owner),
    join(packageRoot, "services", owner, "adapters", "migrations"),
  ].find((path) => existsSync(path));
  if (folder === undefined || (kind !== "mysql" && kind !== "postgres" && kind !== "sqlite"))
    return new Map();
  const { readMigrations } = await import("../../../kit/sql/migrate.js");
  const migrations = await readMigrations(folder, kind);
  return new Map(migrations.map(({ name, statements }) => [name, statements]));
}

/** The table that a statement makes, takes away or is about. */
export function tableOf(statement: string): { readonly verb: string; readonly table: string } | undefined {
  const match =
    /^(create|drop|alter)\s+(?:table|view)\s+(?:if\s+(?:not\s+)?exists\s+)?[`"]?(\w+)/i.exec(statement) ??
    /^(create)\s+(?:unique\s+)?index\s+\w+\s+on\s+[`"]?(\w+)/i.exec(statement) ??
    /^(insert)\s+(?:ignore\s+)?into\s+[`"]?(\w+)/i.exec(statement);
  if (match === null) return undefined;
  const [text, verb = "", table = ""] = match;
  return { verb: /index/i.test(text) ? "index" : verb.toLowerCase(), table };
}

function listMade(statements: readonly string[]): string[] {
  const made = new Set<string>();
  for (const found of statements.map(tableOf)) {
    if (found?.verb === "create") made.add(found.table);
    if (found?.verb === "drop") made.delete(found.table);
  }
  return [...made];
}
