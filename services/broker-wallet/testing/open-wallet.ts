import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Timestamp } from "../../../kit/sql/columns.js";
import { type Database, type DatabaseSettings, openDatabase } from "../../../kit/sql/database.js";
import { migrate, readMigrations } from "../../../kit/sql/migrate.js";
import type { WalletSchema } from "../adapters/schema.js";
import { createSqlStore } from "../adapters/sql-store.js";
import { type Ledger, openLedger } from "../app/ledger.js";
import type { WalletStore } from "../app/store.js";

const migrationsFolder = join(import.meta.dirname, "../adapters/migrations");

const tables = ["accounts", "positions", "reservations", "transactions", "outbox"] as const;

export interface OpenWallet {
  readonly settings: DatabaseSettings;
  readonly database: Database<WalletSchema>;
  readonly store: WalletStore;
  readonly ledger: Ledger;
  close(): Promise<void>;
}

/** The ledger on a database that is emptied; without settings on a new SQLite file that goes with it. */
export async function openWallet(server?: DatabaseSettings): Promise<OpenWallet> {
  const folder = mkdtempSync(join(tmpdir(), "wallet-"));
  const settings = server ?? { kind: "sqlite", path: join(folder, "wallet.sqlite") };
  const database = await openDatabase<WalletSchema>(settings);
  await migrate(database, await readMigrations(migrationsFolder, database.dialect.kind));
  for (const table of tables) await database.db.deleteFrom(table).execute();
  const store = createSqlStore(database);
  const now = () => (Date.now() * 1_000) as Timestamp;
  const ledger = openLedger({ store, now, onCommit: () => {} });
  return {
    settings,
    database,
    store,
    ledger,
    close: async () => {
      await ledger.close();
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
}
