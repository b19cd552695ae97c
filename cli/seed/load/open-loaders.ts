import type { SeedStore, SeedStores } from "../stores.js";
import { type CachePartStore, openCacheLoader } from "./cache-loader.js";
import { type DocumentPartStore, openDocumentLoader } from "./document-loader.js";
import { explainFailure, isStoreDown, nothingRuns, storeDown } from "./explain-failure.js";
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
export async function openLoaders({ project, stores }: SeedStores): Promise<OpenPart[]> {
  const opened: PartLoader[] = [];
  const attempts = await Promise.allSettled(
    stores.map(async (store): Promise<OpenPart> => {
      const loader = await openLoader(store);
      opened.push(loader);
      return { loader, mark: await loader.readMark() };
    }),
  );
  const failures = attempts.flatMap((attempt, index) =>
    attempt.status === "rejected" ? [{ error: attempt.reason, store: stores[index] as SeedStore }] : [],
  );
  const [first] = failures;
  if (first === undefined)
    return attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
  await Promise.all(opened.map((loader) => loader.close()));
  const down = failures.filter(({ error }) => isStoreDown(error)).map(({ store }) => store.store);
  if (down.length === stores.length) throw nothingRuns(project);
  throw down.length > 0
    ? storeDown([...new Set(down)], first.error)
    : explainFailure(first.error, first.store);
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
