import type { BulkRow, BulkTable } from "../../../kit/sql/bulk/bulk.js";

/**
 * What of the data set goes into databases, each owned by one service: broker-identity, b3-matching-engine (exchange) …
 */
export const sqlParts = ["identity", "wallet", "order", "asset", "exchange"] as const;
/** Into MongoDB: price_history of broker-market-data, and what broker-report keeps. */
export const documentParts = ["market-data", "report"] as const;
/** Into Redis: caches of broker-asset and broker-wallet, and the exchange's prices. */
export const cacheParts = ["asset-cache", "wallet-cache", "market-cache"] as const;

export type SqlPart = (typeof sqlParts)[number];
export type DocumentPart = (typeof documentParts)[number];
export type CachePart = (typeof cacheParts)[number];
export type SeedPart = SqlPart | DocumentPart | CachePart;

export const seedParts: readonly SeedPart[] = [...sqlParts, ...documentParts, ...cacheParts];

export interface TableShape extends BulkTable {
  /** Columns of the primary key. */
  readonly key: readonly string[];
  /**
   * Rows that are nobody's (the catalogue, its prices, the books): they are inserted where their key is not there, stay
   * as they are where it is, and are not taken out again.
   */
  readonly shared?: true;
}

/** At most 1,000 rows of one table, in the order of its columns. */
export interface RowBatch {
  readonly table: TableShape;
  readonly rows: readonly BulkRow[];
}

export interface SeedDocument {
  readonly id: string;
  /** Put where there is none or one of a lower version; absent: inserted where there is none. */
  readonly version?: number;
  readonly document: Readonly<Record<string, string | number | null>>;
}

/** A collection as its service opens it (kit/documents). */
export interface CollectionShape {
  readonly name: string;
  readonly indexes: readonly (readonly string[])[];
}

/** At most 1,000 documents of one collection. */
export interface DocumentBatch {
  readonly collection: CollectionShape;
  readonly documents: readonly SeedDocument[];
}

/** Keys that are there already have a price that is newer: they stay. */
export type CacheBatch = readonly (readonly [key: string, value: string])[];
