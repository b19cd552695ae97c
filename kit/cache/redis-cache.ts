import { type Cache, type CacheSettings, checkTtl } from "./cache.js";

const timeoutMs = 3_000;

/** A server that is gone fails each call within 3 s; the connection comes back by itself. */
export async function openRedisCache(settings: Extract<CacheSettings, { kind: "redis" }>): Promise<Cache> {
  const { Redis } = await import("../drivers/ioredis.js");
  const { host, port, password } = settings;
  const redis = new Redis({
    ...{ host, port, password },
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    // A command waits for one reconnection and no longer.
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  });
  // Told by the failing calls; without a listener ioredis prints.
  redis.on("error", () => {});
  const setMany: Cache["setMany"] = async (entries, options = {}) => {
    checkTtl(options);
    const batch = redis.multi();
    for (const [key, value] of entries) {
      if (options.ttlMs === undefined) batch.set(key, value);
      else batch.set(key, value, "PX", options.ttlMs);
    }
    for (const [error] of (await batch.exec()) ?? []) if (error) throw error;
  };
  return {
    get: async (key) => (await redis.get(key)) ?? undefined,
    getMany: async (keys) => {
      const values = keys.length === 0 ? [] : await redis.mget([...keys]);
      return new Map(keys.flatMap((key, index) => (values[index] == null ? [] : [[key, values[index]]])));
    },
    set: (key, value, options) => setMany(new Map([[key, value]]), options),
    setMany,
    setMissing: async (entries) => {
      const batch = redis.pipeline();
      for (const [key, value] of entries) batch.set(key, value, "NX");
      for (const [error] of (await batch.exec()) ?? []) if (error) throw error;
    },
    delete: async (key) => void (await redis.del(key)),
    ping: async () => void (await redis.ping()),
    close: async () => redis.disconnect(),
  };
}
