/** The largest value that a metric has in a text of Prometheus' format, over all its labels; undefined without it. */
export function readGauge(text: string, name: string): number | undefined {
  const values = text
    .split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(/\}?\s+(\S+)(?:\s+\d+)?$/.exec(line)?.[1]))
    .filter((value) => Number.isFinite(value));
  return values.length === 0 ? undefined : Math.max(...values);
}
