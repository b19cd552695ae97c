import { openCache } from "../../../kit/cache/cache.js";
import type { SeedStore } from "../stores.js";
import type { CachePart } from "../world/parts.js";
import { markName, parseMark } from "./mark.js";
import type { PartLoader } from "./part-loader.js";

export type CachePartStore = Extract<SeedStore, { kind: "cache" }> & { readonly part: CachePart };

/** Prices are nobody's: those that are there are newer and stay, and none is taken out. */
export async function openCacheLoader(store: CachePartStore): Promise<PartLoader> {
  const cache = await openCache(store.settings);
  return {
    store,
    method: store.settings.kind === "sqlite" ? "INSERT" : "SET",
    readMark: async () => parseMark(await cache.get(markName)),
    remove: async () => 0,
    fill: async ({ world, onRows }) => {
      const entries = new Map(world.entriesOf(store.part));
      await cache.setMissing(entries);
      onRows(entries.size);
      return { keys: entries.size };
    },
    writeMark: (mark) => cache.set(markName, JSON.stringify(mark)),
    commit: async () => {},
    close: () => cache.close().catch(() => {}),
  };
}
