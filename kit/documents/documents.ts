import type { SqliteSettings } from "../sql/database.js";

/**
 * A JSON object without arrays within arrays, and names without "." and "$" (FerretDB). Numbers are kept as doubles
 * keep them; names beginning with "_" are the store's own.
 */
export type Document = object;

/** Top-level fields that finds and sorts go by together, in this order. */
export type Index = readonly string[];

export interface Filter {
  /** Fields that have exactly this value. */
  readonly equal?: Readonly<Record<string, string | number | boolean>>;
  /** A field from `from` (inclusive) to `before` (exclusive); text is compared by its bytes. */
  readonly range?: {
    readonly field: string;
    readonly from?: string | number;
    readonly before?: string | number;
  };
}

export interface FindOptions extends Filter {
  /** Equal ones by id, in the same direction. Default: by id. */
  readonly sort?: { readonly field: string; readonly direction: "ascending" | "descending" };
  /** 1 to 1,000. */
  readonly limit: number;
  /** How many to leave out first; default 0. */
  readonly offset?: number;
}

export interface Put<T extends Document> {
  readonly id: string;
  readonly version: number;
  readonly document: T;
}

/** One that may have no version: it is only ever inserted. */
export interface NewDocument<T extends Document> {
  readonly id: string;
  readonly version?: number;
  readonly document: T;
}

/** A document as it is kept; null where it was put without a version. */
export interface Kept<T extends Document> {
  readonly id: string;
  readonly version: number | null;
  readonly document: T;
}

export interface Collection<T extends Document> {
  /**
   * Keeps each document if there is none with its id or only one of a lower version, and returns how many it kept. So
   * repeats and late arrivals change nothing, and of any number at once the highest remains. Each id once in a call.
   */
  putIfNewer(puts: readonly Put<T>[]): Promise<number>;
  get(id: string): Promise<T | undefined>;
  getKept(id: string): Promise<Kept<T> | undefined>;
  /**
   * All of them, up to 1,000 at a time; what is put meanwhile may be among them. By id, or, where the order makes no
   * difference, as the store has them: FerretDB sorts the whole of a collection before it gives the first.
   */
  scan(order?: "by id" | "any"): AsyncIterable<readonly Kept<T>[]>;
  /** Inserts those whose id is not there, and returns how many. */
  insertMany(documents: ReadonlyMap<string, T>): Promise<number>;
  /** The same with versions, for up to 1,000 at a time of what is known to be new. */
  insertNew(documents: readonly NewDocument<T>[]): Promise<number>;
  find(options: FindOptions): Promise<T[]>;
  count(filter?: Filter): Promise<number>;
  /** Returns how many there were. */
  deleteMany(filter: Filter): Promise<number>;
  /** Those whose field, or id without one, is one of up to 1,000 values; returns how many there were. */
  deleteAmong(values: readonly string[], field?: string): Promise<number>;
}

/** Documents by id in named collections; only what MongoDB, FerretDB and SQLite all do. */
export interface DocumentStore {
  /** Creates it and its indexes where they are missing. Names are of letters, digits and "_". */
  collection<T extends Document>(name: string, indexes: readonly Index[]): Promise<Collection<T>>;
  /** Rejects when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export type DocumentSettings =
  | SqliteSettings
  | {
      readonly kind: "mongodb";
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
      /** How long one command may take; default 12 s. */
      readonly answerTimeoutMs?: number;
    };

/** Opens a SQLite file at once; MongoDB is connected to at the first use. */
export async function openDocuments(settings: DocumentSettings): Promise<DocumentStore> {
  return settings.kind === "sqlite"
    ? (await import("./sqlite-documents.js")).openSqliteDocuments(settings)
    : (await import("./mongo-documents.js")).openMongoDocuments(settings);
}

/** For what becomes part of SQL or of a query. @throws RangeError */
export function checkNames(...names: readonly string[]): void {
  const wrong = names.find((name) => !/^[a-zA-Z][a-zA-Z0-9_]{0,59}$/.test(name));
  if (wrong !== undefined) throw new RangeError(`${wrong} is no name of a collection or field`);
}

/** @throws RangeError */
export function checkPage({ limit, offset = 0 }: FindOptions): void {
  if (
    !(Number.isInteger(limit) && limit >= 1 && limit <= 1_000 && Number.isSafeInteger(offset) && offset >= 0)
  ) {
    throw new RangeError(`no page: limit ${limit}, offset ${offset}`);
  }
}
