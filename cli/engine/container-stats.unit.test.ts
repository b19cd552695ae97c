import { describe, expect, it } from "vitest";
import { readStats } from "./container-stats.js";

describe("readStats", () => {
  it("leaves the page cache out, on either cgroup version", () => {
    const v2 = { usage: 1000, limit: 4000, stats: { inactive_file: 300 } };
    expect(readStats({ memory_stats: v2 })).toEqual({ memoryBytes: 700, memoryLimitBytes: 4000, cpu: 0 });
    const v1 = { usage: 1000, limit: 4000, stats: { total_inactive_file: 400, inactive_file: 100 } };
    expect(readStats({ memory_stats: v1 }).memoryBytes).toBe(600);
    expect(readStats({ memory_stats: { usage: 100, stats: { inactive_file: 300 } } }).memoryBytes).toBe(100);
  });

  it("counts CPU in cores between the two readings", () => {
    const precpu_stats = { cpu_usage: { total_usage: 1000 }, system_cpu_usage: 10_000, online_cpus: 4 };
    const cpu_stats = { cpu_usage: { total_usage: 1500 }, system_cpu_usage: 11_000, online_cpus: 4 };
    expect(readStats({ cpu_stats, precpu_stats }).cpu).toBe(2);
  });

  it("is zero for a container that does not run", () => {
    expect(readStats({ memory_stats: {}, cpu_stats: {}, precpu_stats: {} })).toEqual({
      memoryBytes: 0,
      memoryLimitBytes: 0,
      cpu: 0,
    });
  });
});
