import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BulkSession } from "../../../kit/sql/bulk/bulk.js";
import { readMigrations } from "../../../kit/sql/migrate.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest } from "../../kernel/command.js";
import { isMissingTable } from "../store-errors.js";
import type { SeedStores } from "../stores.js";
import { tablesOf } from "../world/tables.js";
import { isSqlLoader } from "./open-loaders.js";
import type { PartLoader } from "./part-loader.js";
import type { SqlLoader, SqlStore } from "./sql-loader.js";

const run = promisify(execFile);
const timeoutMs = 60_000;

/**
 * Brings the schema of the service that owns the database up to date, where the service itself never ran: as the
 * process that its container runs. A schema of a program in its place is left as it is.
 * @throws MybrokerError seed.migration-failed, exit 1
 */
export async function migratePart(
  request: CommandRequest,
  stores: SeedStores,
  loader: PartLoader,
): Promise<void> {
  if (!isSqlLoader(loader)) return;
  const { owner } = loader.store;
  const folder = join(request.context.packageRoot, "dist", "services");
  if (!(await isBehind(loader, join(folder, "migrations", owner)))) return;
  const env = { ...request.context.env, ...stores.environmentOf(owner) };
  try {
    const args = [join(folder, "main.js"), "migrate", owner];
    const { stdout } = await run(process.execPath, args, { env, timeout: timeoutMs });
    request.output.debug(stdout.trim());
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    throw new MybrokerError({
      code: "seed.migration-failed",
      message: `The schema of ${owner} could not be made in ${loader.store.store}: ${stderr.trim() || message}`,
      hint: `{mybroker} up ${owner}`,
      exitCode: exitCodes.no,
      details: { service: owner },
    });
  }
}

async function isBehind({ session, store }: SqlLoader, migrationsFolder: string): Promise<boolean> {
  if (!existsSync(migrationsFolder)) return false;
  const { part } = store as SqlStore;
  const applied = await ask(session, "select name from schema_migrations");
  if (applied === undefined)
    return (await ask(session, `select 1 from ${tablesOf[part][0]?.name} where 1 = 0`)) === undefined;
  const names = new Set(applied.map(({ name }) => name));
  return (await readMigrations(migrationsFolder, session.kind)).some(({ name }) => !names.has(name));
}

/** undefined where there is no such table. */
async function ask(session: BulkSession, statement: string): Promise<{ name: string }[] | undefined> {
  try {
    return await session.query<{ name: string }>(statement);
  } catch (error) {
    if (isMissingTable(error)) return undefined;
    throw error;
  } finally {
    await session.rollback();
  }
}
