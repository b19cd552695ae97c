import { createSerial } from "../../../kit/serial.js";
import { type BulkValue, openBulk } from "../../../kit/sql/bulk/bulk.js";
import type { DatabaseSettings } from "../../../kit/sql/database.js";
import { openSqliteFile } from "../../../kit/sql/sqlite-file.js";
import { renderAfter, renderSelect, type SqlKind, type SqlSource } from "./sql-source.js";

/** One connection that only reads, all of it at one moment of the database until it is told to look again. */
export interface SqlReader {
  readonly kind: SqlKind;
  query<Row extends object>(text: string, values?: readonly BulkValue[]): Promise<Row[]>;
  /** From here on what is there now is read. */
  lookAgain(): Promise<void>;
  close(): Promise<void>;
}

/** A connection of its own that only reads. @throws what the server's client, or SQLite, says */
export async function openSqlReader(settings: DatabaseSettings): Promise<SqlReader> {
  return settings.kind === "sqlite" ? openSqlite(settings) : openServer(settings);
}

/** A reading transaction: in WAL mode it stops nobody who writes, and nobody stops it. */
async function openSqlite(settings: {
  readonly path: string;
  readonly checked?: boolean;
}): Promise<SqlReader> {
  const file = await openSqliteFile(settings.path, settings);
  return {
    kind: "sqlite",
    query: async <Row extends object>(text: string, values: readonly BulkValue[] = []) =>
      file.all(text, values) as Row[],
    lookAgain: async () => {
      if (file.inTransaction) file.exec("ROLLBACK");
      file.exec("BEGIN");
      // The moment is that of the first statement.
      file.all("SELECT count(*) FROM sqlite_master");
    },
    close: async () => {
      if (file.inTransaction) file.exec("ROLLBACK");
      file.close();
    },
  };
}

const repeatable = {
  mysql: "set session transaction isolation level repeatable read",
  postgres: "set session characteristics as transaction isolation level repeatable read read only",
} as const;
const firstStatement = {
  mysql: "start transaction with consistent snapshot, read only",
  postgres: "select 1",
} as const;

async function openServer(
  settings: Exclude<DatabaseSettings, { readonly kind: "sqlite" }>,
): Promise<SqlReader> {
  const { kind } = settings;
  const session = await openBulk(settings);
  try {
    await session.execute(repeatable[kind]);
    await session.commit();
  } catch (error) {
    await session.close();
    throw error;
  }
  // A connection answers one after the other.
  const inTurn = createSerial();
  return {
    kind,
    query: (text, values) => inTurn(() => session.query(text, values)),
    lookAgain: () =>
      inTurn(async () => {
        await session.rollback();
        await session.execute(firstStatement[kind]);
      }),
    close: () => session.close(),
  };
}

const pageSize = 2_000;
let cursors = 0;

/** All rows of a source, a page at a time. */
export async function* readPages<Row extends object>(
  reader: SqlReader,
  source: SqlSource<Row>,
): AsyncGenerator<readonly Row[]> {
  const pages = reader.kind === "postgres" ? readCursor(reader, source) : readKeyset(reader, source);
  yield* pages;
}

async function* readKeyset<Row extends object>(
  reader: SqlReader,
  source: SqlSource<Row>,
): AsyncGenerator<readonly Row[]> {
  let after: ReturnType<typeof renderAfter> | undefined;
  for (;;) {
    const select = renderSelect(source, reader.kind, after === undefined ? [] : [after.condition]);
    const page = await reader.query<Row>(`${select} limit ${pageSize}`, after?.values);
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (page.length < pageSize || last === undefined) return;
    after = renderAfter(source.key, last as Readonly<Record<string, string | number | null>>);
  }
}

/** Its indexes sort as the server's language does, so that every page would be a sort of its own. */
async function* readCursor<Row extends object>(
  reader: SqlReader,
  source: SqlSource<Row>,
): AsyncGenerator<readonly Row[]> {
  cursors += 1;
  const name = `verify_${cursors}`;
  await reader.query(`declare ${name} no scroll cursor for ${renderSelect(source, reader.kind)}`);
  for (;;) {
    const page = await reader.query<Row>(`fetch ${pageSize} from ${name}`);
    if (page.length > 0) yield page;
    if (page.length < pageSize) break;
  }
  await reader.query(`close ${name}`);
}

const keysAtOnce = 200;

/** The rows of some keys, in the same order. */
export async function readKeys<Row extends object>(
  reader: SqlReader,
  source: SqlSource<Row>,
  keys: readonly string[],
): Promise<Row[]> {
  const rows: Row[] = [];
  // In the order of the keys, so that the parts are in order too.
  const sorted = [...keys].sort();
  for (let from = 0; from < sorted.length; from += keysAtOnce) {
    const some = sorted.slice(from, from + keysAtOnce);
    const among = `${source.key[0]} in (${some.map(() => "?").join()})`;
    rows.push(...(await reader.query<Row>(renderSelect(source, reader.kind, [among]), some)));
  }
  return rows;
}
