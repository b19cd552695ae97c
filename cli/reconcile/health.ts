import type { Healthcheck } from "../compose/model.js";
import { durationNs } from "./units.js";

/** The Engine API's form; durations in nanoseconds, 0 and absent mean the engine's default. */
export interface EngineHealthcheck {
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  Retries?: number;
  StartPeriod?: number;
  StartInterval?: number;
}

export function buildHealthcheck(healthcheck: Healthcheck | undefined): EngineHealthcheck | undefined {
  if (healthcheck === undefined) return undefined;
  if (healthcheck.disable) return { Test: ["NONE"] };
  const durations = {
    Interval: healthcheck.interval,
    Timeout: healthcheck.timeout,
    StartPeriod: healthcheck.start_period,
    StartInterval: healthcheck.start_interval,
  };
  const given = Object.entries(durations).flatMap(([key, text]) =>
    text === undefined ? [] : [[key, durationNs(text)] as const],
  );
  return {
    ...(healthcheck.test ? { Test: healthcheck.test } : {}),
    ...(healthcheck.retries ? { Retries: healthcheck.retries } : {}),
    ...Object.fromEntries(given),
  };
}
