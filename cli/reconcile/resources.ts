import type { Service } from "../compose/model.js";
import { byteCount } from "./units.js";

/** Limits as HostConfig spells them; deploy.resources wins over the older keys, as in Compose. */
export function buildResources(service: Service): Record<string, unknown> {
  const limits = service.deploy?.resources.limits;
  const reservations = service.deploy?.resources.reservations;
  const memory = byteCount(limits?.memory ?? service.mem_limit);
  const reservation = byteCount(reservations?.memory ?? service.mem_reservation);
  const swap = byteCount(service.memswap_limit);
  const cpus = limits?.cpus ?? service.cpus;
  return {
    ...(memory ? { Memory: memory } : {}),
    ...(reservation ? { MemoryReservation: reservation } : {}),
    ...(swap ? { MemorySwap: swap } : {}),
    ...(cpus ? { NanoCpus: toNanoCpus(Number(cpus)) } : {}),
    ...(limits?.pids ? { PidsLimit: limits.pids } : {}),
    ...(service.ulimits ? { Ulimits: buildUlimits(service.ulimits) } : {}),
  };
}

/** Compose multiplies as float32; the same rounding keeps 0.3 CPUs at 300000000. */
function toNanoCpus(cpus: number): number {
  return Math.trunc(Math.fround(Math.fround(cpus) * 1e9));
}

function buildUlimits(
  ulimits: NonNullable<Service["ulimits"]>,
): { Name: string; Soft: number; Hard: number }[] {
  return Object.entries(ulimits).map(([name, limit]) => {
    if (typeof limit === "number") return { Name: name, Soft: limit, Hard: limit };
    const soft = limit.soft ?? limit.hard ?? 0;
    return { Name: name, Soft: soft, Hard: limit.hard ?? soft };
  });
}
