import { existsSync } from "node:fs";
import { join } from "node:path";
import { readDatabaseSettings, SettingError } from "../kit/settings.js";
import { openDatabase } from "../kit/sql/database.js";
import { migrate, readMigrations } from "../kit/sql/migrate.js";
import { isServiceName, loadService, type ServiceName, serviceNames } from "./definitions.js";
import type { RunningService } from "./shared/service.js";

const exitCodes = { done: 0, usage: 2, machine: 3, bug: 70 } as const;
const { env } = process;

// Whoever reads the log may go away.
process.stdout.on("error", () => {});
const writeLog = (line: string) => void process.stdout.write(`${line}\n`);

const commands: Readonly<Record<string, (name: ServiceName) => Promise<void>>> = {
  serve: serveService,
  migrate: migrateService,
};

const [word = "", name = ""] = process.argv.slice(2);
const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
if (word === "relay") {
  await serveRelay();
} else if (command === undefined || !isServiceName(name)) {
  fail(`usage: main.js ${Object.keys(commands).join("|")} ${serviceNames.join("|")}`, exitCodes.usage);
} else {
  await command(name).catch((error: Error) => {
    fail(`${name}: ${error.message}`, error instanceof SettingError ? exitCodes.usage : exitCodes.machine);
  });
}

async function serveService(name: ServiceName): Promise<void> {
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (thrown: unknown) => {
      const error =
        thrown instanceof Error ? { message: thrown.message, stack: thrown.stack } : String(thrown);
      const time = new Date().toISOString();
      writeLog(JSON.stringify({ level: "error", time, service: name, error, msg: "this was not foreseen" }));
      process.exit(exitCodes.bug);
    });
  }
  let service: RunningService | undefined;
  let closing = false;
  // From the beginning: a signal that nobody listens for does nothing to the first process of a container.
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (closing) return;
      closing = true;
      Promise.resolve(service?.close()).then(
        () => process.exit(exitCodes.done),
        (error: Error) => fail(`${name}: ${error.message}`, exitCodes.machine),
      );
    });
  }
  const definition = await loadService(name);
  service = await definition.start({ env, migrationsFolder: findMigrations(name), writeLog });
}

/** Started by `mybroker replace` alone: stands in for a service that a program on the host has replaced. */
async function serveRelay(): Promise<void> {
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(exitCodes.done));
  const { RELAY_PORT, RELAY_TUNNEL_PORT, RELAY_TOKEN: token } = env;
  if (!token) return fail("relay: RELAY_TOKEN is missing", exitCodes.usage);
  const { runRelay } = await import("./relay/run-relay.js");
  const ports = { servicePort: Number(RELAY_PORT), tunnelPort: Number(RELAY_TUNNEL_PORT) };
  await (await runRelay({ ...ports, token })).abandoned;
  process.exit(exitCodes.done);
}

async function migrateService(name: ServiceName): Promise<void> {
  const folder = findMigrations(name);
  if (!existsSync(folder)) return writeLog(`${name} has no schema of its own`);
  const settings = readDatabaseSettings(env);
  const database = await openDatabase(settings);
  try {
    const applied = await migrate(database, await readMigrations(folder, settings.kind));
    writeLog(applied.length === 0 ? `${name}: up to date` : `${name}: ${applied.join(", ")}`);
  } finally {
    await database.close();
  }
}

/** Beside the bundle, or where the source has them. */
function findMigrations(name: ServiceName): string {
  const bundled = join(import.meta.dirname, "migrations", name);
  return existsSync(bundled) ? bundled : join(import.meta.dirname, name, "adapters", "migrations");
}

function fail(message: string, exitCode: number): void {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}
