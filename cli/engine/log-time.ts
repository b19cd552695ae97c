import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";

const secondsOf: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/**
 * A point in time as `docker logs --since` takes it (Unix seconds, a Go duration ago, RFC 3339 with parts left
 * out; without a zone the local one) as the engine takes it: "seconds.nanoseconds".
 *
 * @throws MybrokerError, exit 2, on anything else.
 */
export function toEngineTime(value: string, nowMs: number): string {
  if (/^\d+(\.\d{1,9})?$/.test(value)) return value;
  if (/^([\d.]+(ns|us|µs|μs|ms|s|m|h))+$/.test(value)) {
    const parts = [...value.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)];
    const seconds = parts.reduce(
      (sum, [, count, unit]) => sum + Number(count) * (secondsOf[unit ?? ""] ?? 0),
      0,
    );
    if (Number.isFinite(seconds)) return Math.max(0, nowMs / 1000 - seconds).toFixed(3);
  }
  const date = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(
    value,
  );
  if (date) {
    const [, day, clock = "00:00", second = "00", fraction = "", zone = ""] = date;
    const timeMs = Date.parse(`${day}T${clock}:${second}${zone}`);
    if (Number.isFinite(timeMs)) return `${timeMs / 1000}.${fraction.padEnd(9, "0")}`;
  }
  throw new MybrokerError({
    code: "usage.bad-time",
    message: `"${value}" is no point in time`,
    hint: "write 10m, 1h30m, 2026-01-31T09:00:00 or Unix seconds",
    exitCode: exitCodes.usage,
  });
}
