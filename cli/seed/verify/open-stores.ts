import { setImmediate } from "node:timers/promises";
import { type Cache, openCache } from "../../../kit/cache/cache.js";
import {
  type Document,
  type DocumentStore,
  type Kept,
  openDocuments,
} from "../../../kit/documents/documents.js";
import { whileBusy } from "../../../kit/sql/while-busy.js";
import { openEach } from "../open-each.js";
import { explainStoreError } from "../store-errors.js";
import type { SeedStore } from "../stores.js";
import type { CachePart, DocumentPart, SeedPart, SqlPart } from "../world/parts.js";
import type { SortedRows } from "./join-sorted.js";
import { openSqlReader, readKeys, readPages, type SqlReader } from "./sql-reader.js";
import type { SqlSource } from "./sql-source.js";

/** A collection by the ids of its documents. */
export interface DocumentSource {
  readonly part: DocumentPart;
  readonly collection: string;
  /** What is read of it is not joined with anything. */
  readonly order?: "any";
}

export type Source = SqlSource<never> | DocumentSource;

/**
 * For what MongoDB answers at once FerretDB takes a second for every 10,000 documents: it sorts them first. One that
 * does not answer at all is noticed while connecting.
 */
const documentsTimeoutMs = 120_000;

/** All stores, open, by what of the data they hold. */
export interface OpenStores {
  /** How many servers or files these are. */
  readonly count: number;
  /** The store's service in the compose file. */
  nameOf(part: SeedPart): string;
  /** Databases are read as they are now from here on; documents and caches always are. */
  lookAgain(): Promise<void>;
  query<Row extends object>(part: SqlPart, text: string): Promise<Row[]>;
  readAll(source: Source): SortedRows<unknown>;
  /** The rows of some keys alone. */
  readSome(source: Source, keys: readonly string[]): Promise<SortedRows<unknown>>;
  readCache(part: CachePart, keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

type Opened =
  | { readonly kind: "sql"; readonly reader: SqlReader }
  | { readonly kind: "documents"; readonly documents: DocumentStore }
  | { readonly kind: "cache"; readonly cache: Cache };

type OpenedStore = Opened & { readonly store: SeedStore; close(): Promise<void> };

/** @throws MybrokerError that names all stores which do not answer */
export async function openStores(stores: readonly SeedStore[]): Promise<OpenStores> {
  const opened = await openEach(stores, { open, close: (one) => one.close() });
  return combine(new Map(opened.map((one) => [one.store.part, one])));
}

/** Connected, and asked for something. */
async function open(store: SeedStore): Promise<OpenedStore> {
  switch (store.kind) {
    case "sql": {
      const reader = await openSqlReader(store.settings);
      return { kind: "sql", store, reader, close: () => reader.close() };
    }
    case "documents": {
      const { settings } = store;
      const documents = await openDocuments(
        settings.kind === "mongodb" ? { ...settings, answerTimeoutMs: documentsTimeoutMs } : settings,
      );
      return proven({ kind: "documents", store, documents, close: () => documents.close() }, documents);
    }
    case "cache": {
      const cache = await openCache(store.settings);
      return proven({ kind: "cache", store, cache, close: () => cache.close() }, cache);
    }
  }
}

async function proven(opened: OpenedStore, { ping }: Pick<Cache, "ping">): Promise<OpenedStore> {
  try {
    // A file is proven by being open, and its ping would write.
    if (opened.store.settings.kind !== "sqlite") await ping();
    return opened;
  } catch (error) {
    await opened.close().catch(() => {});
    throw error;
  }
}

function combine(all: ReadonlyMap<SeedPart, OpenedStore>): OpenStores {
  const find = <Kind extends Opened["kind"]>(part: SeedPart, kind: Kind) => {
    const found = all.get(part);
    if (found?.kind !== kind) throw new Error(`${part} is no store of the kind ${kind}`);
    return found as Extract<OpenedStore, { kind: Kind }>;
  };
  /** What goes wrong is told with the name of the store. */
  const named = async <Result>(part: SeedPart, work: () => Promise<Result>): Promise<Result> => {
    try {
      return await whileBusy(work);
    } catch (error) {
      throw explainStoreError(error, all.get(part)?.store as SeedStore);
    }
  };
  const collection = ({ part, collection: name }: DocumentSource) =>
    named(part, () => find(part, "documents").documents.collection<Document>(name, []));
  return {
    count: new Set([...all.values()].map(({ store }) => store.store)).size,
    nameOf: (part) => all.get(part)?.store.store ?? part,
    lookAgain: async () => {
      const readers = [...all.values()].flatMap((one) => (one.kind === "sql" ? [one] : []));
      await Promise.all(readers.map(({ reader, store }) => named(store.part, () => reader.lookAgain())));
    },
    query: (part, text) => named(part, () => find(part, "sql").reader.query(text)),
    readAll: (source) => {
      if ("collection" in source)
        return byId(namePages(scanLater(collection(source), source.order), all.get(source.part)?.store));
      const { reader, store } = find(source.part, "sql");
      return byKey(source, namePages(readPages(reader, source), store));
    },
    readSome: async (source, keys) => {
      if (!("collection" in source)) {
        const rows = await named(source.part, () => readKeys(find(source.part, "sql").reader, source, keys));
        return byKey(source, onePage(rows));
      }
      const opened = await collection(source);
      return byId(onePage(await named(source.part, () => getAll(opened, keys))));
    },
    readCache: (part, keys) => named(part, () => find(part, "cache").cache.getMany(keys)),
    close: async () => void (await Promise.allSettled([...all.values()].map((one) => one.close()))),
  };
}

const keysAtOnce = 8;

/** Each by its id: FerretDB reads the whole of a collection for several in one question. */
async function getAll(
  collection: { getKept(id: string): Promise<Kept<Document> | undefined> },
  keys: readonly string[],
): Promise<Kept<Document>[]> {
  const found: Kept<Document>[] = [];
  const sorted = [...keys].sort();
  for (let from = 0; from < sorted.length; from += keysAtOnce) {
    const some = sorted.slice(from, from + keysAtOnce).map((key) => collection.getKept(key));
    found.push(...(await Promise.all(some)).filter((kept) => kept !== undefined));
  }
  return found;
}

function byKey(source: SqlSource<never>, pages: AsyncIterable<readonly unknown[]>): SortedRows<unknown> {
  const name = source.key[0]?.replace(/^\w+\./, "") ?? "";
  return { pages, keyOf: (row) => (row as Readonly<Record<string, string>>)[name] ?? "" };
}

function byId(pages: AsyncIterable<readonly unknown[]>): SortedRows<unknown> {
  return { pages, keyOf: (row) => (row as Kept<Document>).id };
}

async function* onePage(rows: readonly unknown[]): AsyncGenerator<readonly unknown[]> {
  if (rows.length > 0) yield rows;
}

async function* scanLater(
  collection: Promise<{ scan(order?: "any"): AsyncIterable<readonly unknown[]> }>,
  order: "any" | undefined,
): AsyncGenerator<readonly unknown[]> {
  yield* (await collection).scan(order);
}

async function* namePages(
  pages: AsyncIterable<readonly unknown[]>,
  store: SeedStore | undefined,
): AsyncGenerator<readonly unknown[]> {
  try {
    for await (const page of pages) {
      yield page;
      // Calls of SQLite hold up the whole process: signals have their turn.
      await setImmediate();
    }
  } catch (error) {
    throw store === undefined ? error : explainStoreError(error, store);
  }
}
