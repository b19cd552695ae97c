import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunningService, ServiceDefinition } from "../../services/shared/service.js";

/** A temporary folder for the SQLite files of one test. */
export async function makeStoreFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "mybroker-services-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Starts a domain service from source on a free port of 127.0.0.1; its log lines go to `lines`. */
export function startService(
  definition: ServiceDefinition,
  env: Record<string, string>,
  lines: string[] = [],
): Promise<RunningService> {
  return definition.start({
    env: { HOST: "127.0.0.1", PORT: "0", ...env },
    migrationsFolder: fileURLToPath(
      new URL(`../../services/${definition.name}/adapters/migrations`, import.meta.url),
    ),
    writeLog: (line) => lines.push(line),
  });
}
