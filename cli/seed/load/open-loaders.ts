import { openEach } from "../open-each.js";
import { nothingRuns } from "../store-errors.js";
import type { SeedStore, SeedStores } from "../stores.js";
import { type CachePartStore, openCacheLoader } from "./cache-loader.js";
import { type DocumentPartStore, openDocumentLoader } from "./document-loader.js";
import type { SeedMark } from "./mark.js";
import type { PartLoader } from "./part-loader.js";
import { openSqlLoader, type SqlLoader, type SqlStore } from "./sql-loader.js";

/** A store that answered, and what it says is in it. */
export interface OpenPart {
  readonly loader: PartLoader;
  readonly mark: SeedMark | undefined;
}

/**
 * Connects to all stores at once and reads their marks. Whoever asks closes the loaders.
 * @throws MybrokerError that names every store which does not answer, or what else is wrong with one
 */
export function openLoaders({ project, stores }: SeedStores): Promise<OpenPart[]> {
  return openEach(stores, {
    open: openPart,
    close: ({ loader }) => loader.close(),
    whenAllAreDown: () => nothingRuns(project),
  });
}

async function openPart(store: SeedStore): Promise<OpenPart> {
  const loader = await openLoader(store);
  try {
    return { loader, mark: await loader.readMark() };
  } catch (error) {
    await loader.close();
    throw error;
  }
}

function openLoader(store: SeedStore): Promise<PartLoader> {
  switch (store.kind) {
    case "sql":
      return openSqlLoader(store as SqlStore);
    case "documents":
      return openDocumentLoader(store as DocumentPartStore);
    case "cache":
      return openCacheLoader(store as CachePartStore);
  }
}

export function isSqlLoader(loader: PartLoader): loader is SqlLoader {
  return loader.store.kind === "sql";
}
