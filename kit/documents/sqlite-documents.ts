import type { SqliteSettings } from "../sql/database.js";
import { openSqliteFile, type SqliteFile } from "../sql/sqlite-file.js";
import { whileBusy } from "../sql/while-busy.js";
import {
  type Collection,
  checkNames,
  checkPage,
  type Document,
  type DocumentStore,
  type Filter,
  type Kept,
} from "./documents.js";

export async function openSqliteDocuments(settings: SqliteSettings): Promise<DocumentStore> {
  const file = await openSqliteFile(settings.path, settings);
  return {
    async collection(name, indexes) {
      checkNames(name, ...indexes.flat());
      // Who only reads keeps nobody waiting, and waits for nobody.
      if (!hasTable(file, name, indexes)) await write(file, () => createTable(file, name, indexes));
      return makeCollection(file, `"c_${name}"`);
    },
    ping: () => whileBusy(() => file.check()),
    close: async () => file.close(),
  };
}

/** One transaction a call, run again when another process has the file. */
function write<T>(file: SqliteFile, work: () => T): Promise<T> {
  return whileBusy(() => file.transaction(work));
}

function createTable(file: SqliteFile, name: string, indexes: readonly (readonly string[])[]): void {
  file.run(`CREATE TABLE IF NOT EXISTS "c_${name}"
    (id TEXT PRIMARY KEY NOT NULL, version INTEGER, document TEXT NOT NULL) STRICT`);
  for (const fields of indexes) {
    const columns = [...fields.map(expressionOf), "id"].join();
    file.run(`CREATE INDEX IF NOT EXISTS "${indexName(name, fields)}" ON "c_${name}" (${columns})`);
  }
}

const indexName = (name: string, fields: readonly string[]) => `c_${name}_by_${fields.join("_")}`;

function hasTable(file: SqliteFile, name: string, indexes: readonly (readonly string[])[]): boolean {
  const wanted = [`c_${name}`, ...indexes.map((fields) => indexName(name, fields))];
  const marks = wanted.map(() => "?").join();
  return file.all(`SELECT name FROM sqlite_master WHERE name IN (${marks})`, wanted).length === wanted.length;
}

/** The same text in an index and a query, or SQLite does not use the index. */
function expressionOf(field: string): string {
  checkNames(field);
  return `json_extract(document, '$.${field}')`;
}

/** Rows of one statement: half the time of as many statements. */
const insertedAtOnce = 1_000;

function makeCollection<T extends Document>(file: SqliteFile, table: string): Collection<T> {
  const parse = (row: Record<string, unknown>) => JSON.parse(String(row.document)) as T;
  const insertNew: Collection<T>["insertNew"] = (documents) =>
    write(file, () => {
      let inserted = 0;
      for (let from = 0; from < documents.length; from += insertedAtOnce) {
        const some = documents.slice(from, from + insertedAtOnce);
        const marks = some.map(() => "(?, ?, ?)").join();
        const values = some.flatMap(({ id, version = null, document }) => [
          id,
          version,
          JSON.stringify(document),
        ]);
        inserted += file.run(`INSERT INTO ${table} VALUES ${marks} ON CONFLICT DO NOTHING`, values);
      }
      return inserted;
    });
  return {
    putIfNewer: (puts) =>
      write(file, () => {
        const statement = file.prepare(`INSERT INTO ${table} VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE
          SET version = excluded.version, document = excluded.document WHERE version < excluded.version`);
        let kept = 0;
        for (const { id, version, document } of puts)
          kept += statement.run([id, version, JSON.stringify(document)]).changes;
        return kept;
      }),
    get: async (id) => file.all(`SELECT document FROM ${table} WHERE id = ?`, [id]).map(parse)[0],
    getKept: async (id) =>
      file.all(`SELECT id, version, document FROM ${table} WHERE id = ?`, [id]).map(toKept<T>)[0],
    scan: () => scan(file, table),
    insertMany: (documents) => insertNew([...documents].map(([id, document]) => ({ id, document }))),
    insertNew,
    find: async (options) => {
      checkPage(options);
      const { text, values } = toWhere(options);
      const direction = options.sort?.direction === "descending" ? "DESC" : "ASC";
      const order = options.sort === undefined ? [] : [expressionOf(options.sort.field)];
      const orderBy = [...order, "id"].map((part) => `${part} ${direction}`).join();
      const sql = `SELECT document FROM ${table} ${text} ORDER BY ${orderBy} LIMIT ? OFFSET ?`;
      return file.all(sql, [...values, options.limit, options.offset ?? 0]).map(parse);
    },
    count: async (filter = {}) => {
      const { text, values } = toWhere(filter);
      return Number(file.all(`SELECT count(*) AS total FROM ${table} ${text}`, values)[0]?.total);
    },
    deleteMany: (filter) =>
      write(file, () => {
        const { text, values } = toWhere(filter);
        return file.run(`DELETE FROM ${table} ${text}`, values);
      }),
    deleteAmong: (values, field) =>
      write(file, () => {
        const column = field === undefined ? "id" : expressionOf(field);
        return file.run(`DELETE FROM ${table} WHERE ${column} IN (${values.map(() => "?").join()})`, values);
      }),
  };
}

const scanSize = 1_000;

async function* scan<T extends Document>(
  file: SqliteFile,
  table: string,
): AsyncGenerator<readonly Kept<T>[]> {
  const sql = `SELECT id, version, document FROM ${table} WHERE id > ? ORDER BY id LIMIT ${scanSize}`;
  for (let last = ""; ; ) {
    const page = file.all(sql, [last]).map(toKept<T>);
    if (page.length > 0) yield page;
    if (page.length < scanSize) return;
    last = page.at(-1)?.id ?? "";
  }
}

function toKept<T extends Document>({ id, version, document }: Record<string, unknown>): Kept<T> {
  const parsed = JSON.parse(String(document)) as T;
  return { id: String(id), version: version === null ? null : Number(version), document: parsed };
}

function toWhere({ equal = {}, range }: Filter): { text: string; values: unknown[] } {
  const conditions = Object.entries(equal).map(([field, value]) => [`${expressionOf(field)} = ?`, value]);
  if (range?.from !== undefined) conditions.push([`${expressionOf(range.field)} >= ?`, range.from]);
  if (range?.before !== undefined) conditions.push([`${expressionOf(range.field)} < ?`, range.before]);
  const text = conditions.map(([condition]) => condition).join(" AND ");
  return { text: text && `WHERE ${text}`, values: conditions.map(([, value]) => value) };
}
