import { createMetrics, type Metrics } from "../../services/shared/metrics.js";

/** What a link or relay needs, with a log that can be read. */
export interface TestContext {
  readonly name: string;
  readonly metrics: Metrics;
  readonly log: Record<"info" | "warn" | "error", (...args: unknown[]) => void>;
  /** "warn dead letter {…}" */
  readonly lines: string[];
  /** The value of a metric, all its labels together. */
  valueOf(metric: string): Promise<number>;
}

export function createTestContext(name: string): TestContext {
  const metrics = createMetrics();
  const lines: string[] = [];
  const write =
    (level: string) =>
    (...[first, text]: unknown[]) =>
      void lines.push(
        typeof first === "string" ? `${level} ${first}` : `${level} ${text} ${JSON.stringify(first)}`,
      );
  return {
    name,
    metrics,
    lines,
    log: { info: write("info"), warn: write("warn"), error: write("error") },
    valueOf: async (metric) => {
      const found = await metrics.registry.getSingleMetric(metric)?.get();
      return found?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
    },
  };
}
