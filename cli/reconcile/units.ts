import { durationMs } from "../compose/duration.js";

/** "1m30s" -> 90e9. Throws a RangeError for what is no duration; the loader has refused such files before. */
export function durationNs(text: string): number {
  return Math.round(durationMs(text) * 1e6);
}

/** The model holds byte sizes as decimal strings: "536870912" -> 536870912. */
export function byteCount(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

/** 536870912 -> "512m": the short form that compose files use. */
export function formatByteCount(bytes: number): string {
  for (const [unit, size] of [
    ["g", 1024 ** 3],
    ["m", 1024 ** 2],
    ["k", 1024],
  ] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}
