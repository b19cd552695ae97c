const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds above zero of "60s", "1.5m", "500ms", "10" (seconds); undefined for what is no such time. */
export function readDurationMs(text: string): number | undefined {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const durationMs = Number(number) * unitsMs[unit as keyof typeof unitsMs];
  return durationMs > 0 ? durationMs : undefined;
}
