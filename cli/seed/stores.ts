import type { CacheSettings } from "../../kit/cache/cache.js";
import type { DocumentSettings } from "../../kit/documents/documents.js";
import type { DatabaseSettings } from "../../kit/sql/database.js";
import type { Runtime } from "../runtime/runtime.js";
import type { SeedPart } from "./world/parts.js";

/** How a store is reached from this machine, by the settings of the service that owns it. */
export type StoreSettings =
  | { readonly kind: "sql"; readonly settings: DatabaseSettings }
  | { readonly kind: "documents"; readonly settings: DocumentSettings }
  | { readonly kind: "cache"; readonly settings: CacheSettings };

/** One part of the data set and where it is kept. */
export type SeedStore = StoreSettings & {
  readonly part: SeedPart;
  /** The service that owns it: "broker-wallet". */
  readonly owner: string;
  /** The store's service in the compose file: "broker-wallet-db". Two parts may share one. */
  readonly store: string;
};

/** The stores of a project as they are reached on its runtime. */
export interface SeedStores {
  readonly project: { readonly name: string; readonly folder: string };
  readonly runtime: Runtime;
  readonly stores: readonly SeedStore[];
  /** What the process of a service has as environment on this machine (what `mybroker env SERVICE` prints). */
  environmentOf(service: string): Readonly<Record<string, string>>;
}
