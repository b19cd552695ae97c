import type { Service } from "../compose/model.js";
import { formatMemory } from "../output/units.js";

const mebibyte = 1024 ** 2;

/**
 * What a server of each kind takes at idle with the settings of the shipped compose file (docs/benchmarks.md,
 * "Memory at idle"). A forecast, not a limit.
 */
const idleBytes: Readonly<Record<string, number>> = {
  mysql: 230 * mebibyte,
  postgres: 60 * mebibyte,
  mongodb: 150 * mebibyte,
  redis: 10 * mebibyte,
  kafka: 400 * mebibyte,
  rabbitmq: 200 * mebibyte,
  http: 120 * mebibyte,
};

/** For a container that the compose file says nothing about. */
const unknownIdleBytes = 100 * mebibyte;

/** The engine itself, the page cache and the CLI want a share. */
const usableShare = 0.85;

/** A warning when the services to start are likely to need more memory than the engine has. */
export function forecastMemory(services: readonly Service[], engineMemoryBytes: number): string | undefined {
  const needed = services.reduce((sum, service) => sum + expectIdleBytes(service), 0);
  if (engineMemoryBytes === 0 || needed <= engineMemoryBytes * usableShare) return undefined;
  return (
    `${services.length} containers need about ${formatMemory(needed)} at idle and the engine has ` +
    `${formatMemory(engineMemoryBytes)}: give it more, or start fewer:  {mybroker} up SERVICE…`
  );
}

function expectIdleBytes(service: Service): number {
  const typical = idleBytes[service["x-mybroker"]?.kind ?? ""] ?? unknownIdleBytes;
  const limit = Number(service.deploy?.resources.limits?.memory ?? service.mem_limit ?? 0);
  return limit > 0 ? Math.min(limit, typical) : typical;
}
