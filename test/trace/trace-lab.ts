import { findOrderId, type Trace, type TraceGround, traceOnce } from "../../cli/trace/run-trace.js";
import { TraceStores } from "../../cli/trace/trace-stores.js";
import type { ServiceName } from "../../services/definitions.js";
import type { System } from "../brokerage/start-system.js";
import { storesOf } from "../seed/stores-of-system.js";

/** A trace of a system in this process, as `tail --trace` makes it of a project's. */
export async function traceIn(
  system: System,
  order: string,
  change: Partial<TraceGround> = {},
): Promise<Trace> {
  const ground: TraceGround = {
    stores: new TraceStores(storesOf(system).stores),
    brokers: { kafka: [system.kafka], rabbitmq: { name: "rabbitmq", ...system.rabbitmq } },
    urlOf: (service) => system.urls[service as ServiceName],
    now: Date.now,
    signal: new AbortController().signal,
    ...change,
  };
  try {
    return await traceOnce(ground, await findOrderId(ground, order));
  } finally {
    await ground.stores.close();
  }
}
