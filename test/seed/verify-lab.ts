import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createWorld, type World } from "../../cli/seed/world/world.js";
import { openDatabase } from "../../kit/sql/database.js";
import { migrate, readMigrations } from "../../kit/sql/migrate.js";
import { loadWorld } from "./load-world.js";
import { storesOf } from "./stores-of-system.js";

const services = resolve(import.meta.dirname, "../../services");

export const pathIn = (folder: string) => (name: string) => join(folder, `${name}.sqlite`);

/** SQLite files with the services' tables and a world in them, and nobody who changes them. */
export async function makeStores(folder: string, world: World) {
  await mkdir(folder, { recursive: true });
  const storePath = pathIn(folder);
  const stores = storesOf({ storePath });
  for (const { kind, owner, settings } of stores.stores) {
    if (kind !== "sql") continue;
    const database = await openDatabase(settings);
    await migrate(database, await readMigrations(join(services, owner, "adapters/migrations"), "sqlite"));
    await database.close();
  }
  await loadWorld(world, { storePath });
  return stores;
}

export const smallWorld = () => createWorld({ randomSeed: 42, scale: 0.01, asOfMs: Date.now() });
