import type { SqliteSettings } from "../sql/database.js";
import { openSqliteFile } from "../sql/sqlite-file.js";
import { whileBusy } from "../sql/while-busy.js";
import { type Cache, checkTtl } from "./cache.js";

/** How many keys one statement asks for. */
const chunkSize = 500;

const schema = `CREATE TABLE IF NOT EXISTS cache
    (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL, expires_at INTEGER) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS cache_by_expiry ON cache (expires_at) WHERE expires_at IS NOT NULL`;

export async function openSqliteCache(settings: SqliteSettings): Promise<Cache> {
  const file = await openSqliteFile(settings.path, settings);
  let prepared = false;
  // At the first use and not when it is opened, which a file that is switched off is no reason to refuse.
  const prepare = (): void => {
    if (!prepared) file.exec(schema);
    prepared = true;
  };
  // One transaction a call, run again when another process has the file.
  const write = (work: () => void) =>
    whileBusy(() => {
      prepare();
      file.transaction(work);
    });
  const getMany: Cache["getMany"] = async (keys) => {
    await whileBusy(prepare);
    const found = new Map<string, string>();
    for (let from = 0; from < keys.length; from += chunkSize) {
      const chunk = keys.slice(from, from + chunkSize);
      const marks = chunk.map(() => "?").join();
      const sql = `SELECT key, value FROM cache WHERE key IN (${marks}) AND (expires_at IS NULL OR expires_at > ?)`;
      for (const row of file.all(sql, [...chunk, Date.now()])) found.set(String(row.key), String(row.value));
    }
    return found;
  };
  const setMany: Cache["setMany"] = async (entries, options = {}) => {
    checkTtl(options);
    const now = Date.now();
    const expiresAt = options.ttlMs === undefined ? null : now + options.ttlMs;
    await write(() => {
      // So that what nobody reads again does not stay for ever.
      file.run("DELETE FROM cache WHERE expires_at <= ?", [now]);
      const statement = file.prepare("INSERT OR REPLACE INTO cache VALUES (?, ?, ?)");
      for (const [key, value] of entries) statement.run([key, value, expiresAt]);
    });
  };
  return {
    get: async (key) => (await getMany([key])).get(key),
    getMany,
    set: (key, value, options) => setMany(new Map([[key, value]]), options),
    setMany,
    setMissing: (entries) =>
      write(() => {
        const statement = file.prepare("INSERT OR IGNORE INTO cache VALUES (?, ?, NULL)");
        for (const [key, value] of entries) statement.run([key, value]);
      }),
    delete: (key) => write(() => file.run("DELETE FROM cache WHERE key = ?", [key])),
    ping: () => whileBusy(() => file.check()),
    close: async () => file.close(),
  };
}
