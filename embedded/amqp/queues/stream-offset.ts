import { readNumber } from "./limits.js";
import { QueueRefusal } from "./queue.js";

/** Where a consumer of a stream begins. */
export type StreamStart =
  | { readonly from: "first" | "last" | "next" }
  | { readonly from: "offset"; readonly offset: number }
  | { readonly from: "time"; readonly timeMs: number };

const dayMs = 24 * 60 * 60 * 1000;
/** RabbitMQ docs, "Streams": units of x-max-age and of x-stream-offset as an interval. */
const unitsMs: Readonly<Record<string, number>> = {
  Y: 365 * dayMs,
  M: 30 * dayMs,
  D: dayMs,
  h: 60 * 60 * 1000,
  m: 60 * 1000,
  s: 1000,
};

/** "7D" in milliseconds; undefined for anything else. */
export function parseInterval(text: unknown): number | undefined {
  const [, digits, unit] = typeof text === "string" ? (/^(\d{1,15})([YMDhms])$/.exec(text) ?? []) : [];
  return digits && unit ? Number(digits) * (unitsMs[unit] ?? 0) : undefined;
}

/**
 * x-stream-offset: a name, an offset, a time (Date, or seconds since 1970 as `{"!": "timestamp", value}`), an interval
 * before now. Without it a consumer gets what comes after it.
 * @throws QueueRefusal PRECONDITION_FAILED
 */
export function parseStreamOffset(value: unknown, nowMs: number): StreamStart {
  if (value === undefined) return { from: "next" };
  if (value === "first" || value === "last" || value === "next") return { from: value };
  if (value instanceof Date) return sinceTime(value.getTime(), nowMs);
  const seconds = readTimestamp(value);
  if (seconds !== undefined) return sinceTime(seconds * 1000, nowMs);
  const intervalMs = parseInterval(value);
  if (intervalMs !== undefined) return { from: "time", timeMs: nowMs - intervalMs };
  const offset = readNumber(value);
  if (offset !== undefined && offset >= 0) return { from: "offset", offset };
  throw new QueueRefusal(
    "PRECONDITION_FAILED",
    `invalid arg 'x-stream-offset': ${JSON.stringify(String(value))}`,
  );
}

/** A time to come is now: RabbitMQ begins at the end then, and passes over nothing that is published before it. */
function sinceTime(timeMs: number, nowMs: number): StreamStart {
  return { from: "time", timeMs: Math.min(timeMs, nowMs) };
}

function readTimestamp(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || !("value" in value)) return undefined;
  return readNumber(value.value);
}
