import type { ContainerStats } from "./engine.js";

/** GET /containers/{id}/stats; the fields that we read. */
export interface StatsAnswer {
  readonly memory_stats?: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: { readonly inactive_file?: number; readonly total_inactive_file?: number };
  };
  readonly cpu_stats?: CpuReading;
  readonly precpu_stats?: CpuReading;
}

interface CpuReading {
  readonly cpu_usage?: { readonly total_usage?: number };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

/**
 * Memory and CPU as `docker stats` computes them: page cache that can be dropped does not count
 * (inactive_file on cgroup v2, total_inactive_file on v1).
 */
export function readStats(answer: StatsAnswer): ContainerStats {
  const memory = answer.memory_stats ?? {};
  const usage = memory.usage ?? 0;
  const cache = memory.stats?.total_inactive_file ?? memory.stats?.inactive_file ?? 0;
  return {
    memoryBytes: cache < usage ? usage - cache : usage,
    memoryLimitBytes: memory.limit ?? 0,
    cpu: cpuShare(answer.cpu_stats ?? {}, answer.precpu_stats ?? {}),
  };
}

function cpuShare(now: CpuReading, before: CpuReading): number {
  const used = (now.cpu_usage?.total_usage ?? 0) - (before.cpu_usage?.total_usage ?? 0);
  const passed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  return used > 0 && passed > 0 ? (used / passed) * (now.online_cpus ?? 1) : 0;
}
