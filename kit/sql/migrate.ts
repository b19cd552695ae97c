import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import type { Database } from "./database.js";
import type { SqlKind } from "./dialect.js";
import type { SqlLock } from "./lock.js";
import { withCode } from "./sqlite-errors.js";

/** One step of a schema. */
export interface Migration {
  /** "001-create-orders": its file's name without ".mysql.sql". */
  readonly name: string;
  readonly checksum: string;
  readonly statements: readonly string[];
}

interface Applied {
  readonly name: string;
  readonly checksum: string;
  readonly statements: number;
}

const waitMs = 30_000;

/**
 * Reads NNN-name.<kind>.sql of a folder in the order of their names. A statement ends with a semicolon at the end of
 * a line; lines that begin with "--" are comments.
 */
export async function readMigrations(folder: string, kind: SqlKind): Promise<Migration[]> {
  const suffix = `.${kind}.sql`;
  const files = (await readdir(folder)).filter((file) => file.endsWith(suffix)).sort();
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(folder, file), "utf8");
      return {
        name: file.slice(0, -suffix.length),
        // Line ends may differ between checkouts.
        checksum: createHash("sha256").update(text.replaceAll("\r\n", "\n")).digest("hex"),
        statements: splitStatements(text),
      };
    }),
  );
}

function splitStatements(text: string): string[] {
  return text
    .replaceAll(/^\s*--.*$/gm, "")
    .split(/;[^\S\n]*(?:\r?\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

/**
 * Brings a database to the last migration and returns the names of those it applied. One runner at a time; another
 * waits for at most 30 s. A migration is applied whole or not at all, except on MySQL, which cannot undo DDL: there an
 * interrupted one is resumed after the last statement that was done.
 * @throws Error with the code DATA_NEWER (the database knows migrations that this version does not), MIGRATION_CHANGED
 *   (an applied one has another text or place) or MIGRATION_BUSY, naming the migration; where `signal` is given while
 *   it waits for another, that signal's reason
 */
export async function migrate<Schema>(
  database: Database<Schema>,
  migrations: readonly Migration[],
  signal?: AbortSignal,
): Promise<string[]> {
  const lock = await waitForLock(database, signal);
  try {
    await createTable(database.db);
    const applied = await readApplied(database.db);
    comparePast(applied, migrations);
    const pending = migrations.filter(
      ({ name, statements }) => (applied.get(name)?.statements ?? -1) < statements.length,
    );
    for (const migration of pending) {
      lock.lost.throwIfAborted();
      await apply(database, migration, applied.get(migration.name)?.statements);
    }
    return pending.map(({ name }) => name);
  } finally {
    await lock.release();
  }
}

async function waitForLock<Schema>(
  database: Database<Schema>,
  signal: AbortSignal | undefined,
): Promise<SqlLock> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    signal?.throwIfAborted();
    const lock = await database.tryLock("migrate");
    if (lock !== undefined) return lock;
    if (Date.now() > deadline)
      throw withCode("MIGRATION_BUSY", "another process has been migrating for 30 s");
    await pause(50);
  }
}

async function createTable<Schema>(db: Kysely<Schema>): Promise<void> {
  await sql`create table if not exists schema_migrations (
    name varchar(100) not null primary key, checksum varchar(64) not null,
    statements integer not null, applied_at varchar(30) not null)`.execute(db);
}

async function readApplied<Schema>(db: Kysely<Schema>): Promise<Map<string, Applied>> {
  const query = sql<Applied>`select name, checksum, statements from schema_migrations`;
  const { rows } = await query.execute(db);
  return new Map(rows.map((row) => [row.name, row]));
}

function comparePast(applied: ReadonlyMap<string, Applied>, migrations: readonly Migration[]): void {
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...applied.keys()].filter((name) => !known.has(name)).sort();
  if (unknown.length > 0) {
    throw withCode("DATA_NEWER", `the database is from a newer version: it has migration ${unknown[0]}`);
  }
  for (const [place, { name, checksum }] of migrations.entries()) {
    const past = applied.get(name);
    if (past === undefined && place < applied.size) {
      throw withCode("MIGRATION_CHANGED", `migration ${name} comes before one that is applied already`);
    }
    if (past !== undefined && past.checksum !== checksum) {
      throw withCode("MIGRATION_CHANGED", `migration ${name} was changed after it was applied`);
    }
  }
}

async function apply<Schema>(
  database: Database<Schema>,
  migration: Migration,
  done: number | undefined,
): Promise<void> {
  const { name, checksum, statements } = migration;
  const record = (db: Kysely<Schema>, count: number) =>
    sql`insert into schema_migrations (name, checksum, statements, applied_at)
      values (${name}, ${checksum}, ${count}, ${new Date().toISOString()})`.execute(db);
  if (database.dialect.kind !== "mysql") {
    await database.transact(async (transaction) => {
      for (const statement of statements) await sql.raw(statement).execute(transaction);
      await record(transaction, statements.length);
    });
    return;
  }
  if (done === undefined) await record(database.db, 0);
  await applyStepwise(database.db, migration, done ?? 0);
}

/** Table, column, key or row exists; table or column to drop does not: the statement was done already. */
const doneBefore = [1050, 1060, 1061, 1062, 1051, 1091];

/**
 * What is recorded is how many statements are done; -n while the n-th runs, so that one which was under way when its
 * runner died may turn out to be done.
 */
async function applyStepwise<Schema>(db: Kysely<Schema>, migration: Migration, done: number): Promise<void> {
  const { name, statements } = migration;
  const record = (count: number) =>
    sql`update schema_migrations set statements = ${count} where name = ${name}`.execute(db);
  const first = done < 0 ? -done - 1 : done;
  for (const [index, statement] of statements.entries()) {
    if (index < first) continue;
    await record(-(index + 1));
    try {
      await sql.raw(statement).execute(db);
    } catch (error) {
      const errorNumber = Number((error as { errno?: unknown }).errno);
      if (!(done < 0 && index === first && doneBefore.includes(errorNumber))) {
        await record(index);
        throw error;
      }
    }
    await record(index + 1);
  }
}
