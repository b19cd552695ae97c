import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** The metrics of one service, printed by its GET /metrics. */
export interface Metrics {
  readonly registry: Registry;
}

interface MetricOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

export function createMetrics(): Metrics {
  const metrics = { registry: new Registry() };
  addProcessMetrics(metrics);
  return metrics;
}

/** A name ends with _total. Of all three kinds: a second call with a name gives the metric that is there. */
export function addCounter<L extends string = never>(
  { registry }: Metrics,
  { name, help, labels = [] }: MetricOptions<L>,
): Counter<L> {
  const known = registry.getSingleMetric(name) as Counter<L> | undefined;
  if (known !== undefined) return known;
  return new Counter({ name, help, labelNames: [...labels], registers: [registry] });
}

/** `collect` is called when the metrics are read, to set what nobody tells of. */
export function addGauge<L extends string = never>(
  { registry }: Metrics,
  { name, help, labels = [] }: MetricOptions<L>,
  collect?: (gauge: Gauge<L>) => void | Promise<void>,
): Gauge<L> {
  const known = registry.getSingleMetric(name) as Gauge<L> | undefined;
  if (known !== undefined) return known;
  return new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    ...(collect === undefined
      ? {}
      : {
          collect() {
            return collect(this);
          },
        }),
  });
}

const defaultBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** In seconds unless other buckets are given. */
export function addHistogram<L extends string = never>(
  { registry }: Metrics,
  { name, help, labels = [] }: MetricOptions<L>,
  buckets: readonly number[] = defaultBuckets,
): Histogram<L> {
  const known = registry.getSingleMetric(name) as Histogram<L> | undefined;
  if (known !== undefined) return known;
  return new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [registry] });
}

/** Orders by the status that they took; once per order and status. */
export function addOrdersTotal(metrics: Metrics): Counter<"status"> {
  return addCounter(metrics, {
    name: "orders_total",
    help: "Orders by the status they took.",
    labels: ["status"],
  });
}

/** From the acceptance of an order to its fill as its owner can see it. */
export function addOrderRoundtripSeconds(metrics: Metrics): Histogram {
  return addHistogram(metrics, {
    name: "order_roundtrip_seconds",
    help: "Time from accepting an order to its fill.",
  });
}

/** Age of the oldest row that is not published; 0 with none. */
export function addOutboxLagSeconds(
  metrics: Metrics,
  collect?: (gauge: Gauge) => void | Promise<void>,
): Gauge {
  const help = "Age of the oldest unpublished outbox row.";
  return addGauge(metrics, { name: "outbox_lag_seconds", help }, collect);
}

/** Records between the last one that was handled and the end of its partition; 0 with none. */
export function addKafkaConsumerLagRecords(metrics: Metrics): Gauge<"topic" | "partition"> {
  return addGauge(metrics, {
    name: "kafka_consumer_lag_records",
    help: "Records behind the end of a partition.",
    labels: ["topic", "partition"],
  });
}

/** `source` is the queue or topic whose message could never be read. */
export function addDeadLettersTotal(metrics: Metrics): Counter<"source"> {
  return addCounter(metrics, {
    name: "dead_letters_total",
    help: "Messages that could never be read and were put aside.",
    labels: ["source"],
  });
}

/** Read on demand: prom-client's own watch the event loop and the garbage collector all the time. */
function addProcessMetrics(metrics: Metrics): void {
  const cpu = addCounter(metrics, { name: "process_cpu_seconds_total", help: "CPU time of the process." });
  const startedAt = addGauge(metrics, {
    name: "process_start_time_seconds",
    help: "Unix time of its start.",
  });
  startedAt.set(Math.round(Date.now() / 1_000 - process.uptime()));
  addGauge(metrics, { name: "process_resident_memory_bytes", help: "Memory of the process." }, (gauge) => {
    gauge.set(process.memoryUsage.rss());
    const { user, system } = process.cpuUsage();
    cpu.reset();
    cpu.inc((user + system) / 1_000_000);
  });
}
