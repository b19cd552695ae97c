import { addCounter, addGauge, addHistogram, type Metrics } from "../../shared/metrics.js";
import type { Engine } from "../app/engine.js";
import type { Told } from "../app/ports.js";
import type { Command } from "../domain/commands.js";

const batchSizes = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** What the engine has done, and what its market holds when it is asked. */
export function createEngineMetrics(metrics: Metrics, market: () => Engine["market"]) {
  const commands = addCounter(metrics, {
    name: "engine_commands_total",
    help: "Commands stored with their effects, by kind.",
    labels: ["kind"],
  });
  const results = addCounter(metrics, {
    name: "engine_results_total",
    help: "Results told about orders, by status.",
    labels: ["status"],
  });
  const sizes = addHistogram(
    metrics,
    { name: "engine_batch_size", help: "Commands a transaction." },
    batchSizes,
  );
  addGauge(metrics, { name: "engine_resting_orders", help: "Orders in all books." }, (gauge) =>
    gauge.set(market()?.resting.size ?? 0),
  );
  addGauge(metrics, { name: "engine_sequence", help: "Sequence of the last command." }, (gauge) =>
    gauge.set(market()?.sequence ?? 0),
  );
  return (done: readonly Command[], told: readonly Told[]) => {
    for (const { kind } of done) commands.inc({ kind });
    for (const { status } of told) results.inc({ status });
    if (done.length > 0) sizes.observe(done.length);
  };
}
