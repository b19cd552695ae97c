import type { SqliteSettings } from "../sql/database.js";

export interface SetOptions {
  /** From now until it is gone; at least 1. Default: it stays. */
  readonly ttlMs?: number;
}

/** Text by key, for what can be had again from elsewhere. Keys are compared by their bytes. */
export interface Cache {
  get(key: string): Promise<string | undefined>;
  /** The keys that are there. */
  getMany(keys: readonly string[]): Promise<Map<string, string>>;
  set(key: string, value: string, options?: SetOptions): Promise<void>;
  /** All of them or none. */
  setMany(entries: ReadonlyMap<string, string>, options?: SetOptions): Promise<void>;
  /** Those whose key is not there; each by itself. */
  setMissing(entries: ReadonlyMap<string, string>): Promise<void>;
  delete(key: string): Promise<void>;
  /** Rejects when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export type CacheSettings =
  | SqliteSettings
  | { readonly kind: "redis"; readonly host: string; readonly port: number; readonly password: string };

/** Opens a SQLite file at once; Redis is connected to in the background. */
export async function openCache(settings: CacheSettings): Promise<Cache> {
  return settings.kind === "sqlite"
    ? (await import("./sqlite-cache.js")).openSqliteCache(settings)
    : (await import("./redis-cache.js")).openRedisCache(settings);
}

/** @throws RangeError unless it is a whole number of milliseconds, at least 1 */
export function checkTtl({ ttlMs }: SetOptions): void {
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs >= 1)) {
    throw new RangeError(`${ttlMs} is no time to live in ms`);
  }
}
