import { join } from "node:path";
import { isStoreKind } from "../../contracts/embedded-control.js";
import { openSqliteFile, type SqliteFile } from "../../kit/sql/sqlite-file.js";
import { whileBusy } from "../../kit/sql/while-busy.js";

/** A service of the compose file whose server is a file here. */
export interface StoreService {
  readonly name: string;
  /** Of x-mybroker: mysql, postgres, mongodb or redis. */
  readonly kind: string;
}

export interface OpenStore {
  readonly name: string;
  readonly path: string;
  /** Writes and reads the file. @throws Error with a code, naming the file */
  check(): Promise<void>;
  close(): void;
}

/** Where the file of a store is; kit's adapters open the same one. */
export function storePath(folder: string, service: string): string {
  return join(folder, `${service}.sqlite`);
}

/**
 * Opens each file, or none of them. The folder must exist.
 * @throws Error with the code DATA_DAMAGED or DATA_NEWER, or that of Node, naming the file
 */
export async function openStores(settings: {
  readonly folder: string;
  readonly services: readonly StoreService[];
}): Promise<OpenStore[]> {
  const stores: OpenStore[] = [];
  try {
    for (const { name } of settings.services.filter(({ kind }) => isStoreKind(kind))) {
      stores.push(makeStore(name, await openSqliteFile(storePath(settings.folder, name))));
    }
  } catch (error) {
    for (const store of stores) store.close();
    throw error;
  }
  return stores;
}

function makeStore(name: string, file: SqliteFile): OpenStore {
  return {
    name,
    path: file.path,
    check: () => whileBusy(() => file.check()),
    close: () => file.close(),
  };
}
